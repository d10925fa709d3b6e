import type { EngineAttestation, EngineStatement } from "../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import type { ModelManifest } from "../../../fleet/spec/index.ts";
import { readAttestation } from "../../../fleet/transfer/identity/signed-engine.ts";
import { keepTrying } from "../../reconcile/keep-trying.ts";
import { memoryLimit } from "../../supervise/memory-watch.ts";
import type { LaunchRunner } from "../../supervise/runner-child.ts";
import { freeBytes, requireSpace } from "../../update/free-space.ts";
import type { BuildState } from "../build-once.ts";
import type { BuiltNote } from "../engine-note.ts";
import type { EngineStore } from "../engine-store.ts";
import type { EngineForm, EngineRecipe } from "../recipes.ts";
import { goldenWish, judgeSelfTest, noteOfTest, runSelfTest } from "../self-test.ts";
import type { HubEngines } from "./hub-engines.ts";

export interface TakeOptions {
  hub: HubEngines;
  store: EngineStore;
  launch: LaunchRunner;
  addonPath: string;
  objectPath: (digest: string) => string;
  quotaBytes: number;
  fleet: string;
  /** The fleet's CA, as this device knows it. */
  caPem: () => string;
}

export interface WantedEngine {
  model: ModelManifest;
  form: EngineForm;
  recipe: EngineRecipe;
}

export type Show = (state: Partial<BuildState>) => void;

const FETCH_BACKOFF = { baseMs: 500, capMs: 5000 };
/** Then this device builds for itself. */
const MOST_ATTEMPTS = 5;

/**
 * What another device says of an engine, if it is the very one that is wanted: same key by its text, same model, tried
 * by the same outputs. Throws ENGINE_ATTESTATION.
 */
export function statementFor(
  attestation: EngineAttestation,
  { model, form, recipe }: WantedEngine,
  { fleet, caPem, quotaBytes }: Pick<TakeOptions, "fleet" | "caPem" | "quotaBytes">,
): EngineStatement {
  const statement = readAttestation(attestation, fleet, caPem());
  const differences = [
    statement.key === recipe.key.text ? null : "it is of another key",
    statement.model === model.digest ? null : "it is of another model",
    statement.accelerator === form ? null : `it is for ${statement.accelerator}`,
    statement.selfTest.decoder === model.decoder ? null : "it was tried by another decoder",
    statement.sizeBytes <= quotaBytes
      ? null
      : `its ${statement.sizeBytes} bytes are above the quota`,
  ];
  const why = differences.find((one) => one !== null);
  if (why === undefined) return statement;
  const message = `Expected ${statement.device} to attest an engine of ${model.name} for ${form} but ${why}`;
  throw new FleetError("ENGINE_ATTESTATION", message);
}

/**
 * Fetches an engine that was attested, tries it, and only then notes it as this device's own. Throws ARTIFACT_*,
 * HUB_*, BOARD_DISK_*, CANCELLED; ENGINE_DIFFERS, and what the runtime says, when the engine is not what was attested: nothing
 * of it stays.
 */
export async function takeEngine(
  attestation: EngineAttestation,
  statement: EngineStatement,
  wanted: WantedEngine,
  { show, signal, ...options }: TakeOptions & { show: Show; signal: AbortSignal },
): Promise<BuiltNote> {
  const { store } = options;
  await fetchEngine(statement, options, show, signal);
  const path = await store.admit(statement.digest);
  try {
    show({ phase: `trying the engine of ${statement.device} on golden pictures`, progress: 1 });
    const golden = await tryEngine(path, statement, wanted, options, signal);
    const agreement = judgeSelfTest(golden, statement.selfTest);
    const { key, model, accelerator, digest, sizeBytes, seconds } = statement;
    const note: BuiltNote = {
      ...{ outcome: "built", origin: "fetched", atMs: Date.now() },
      ...{ key, model, accelerator, digest, sizeBytes, seconds, attestation },
      selfTest: noteOfTest(golden.engine, agreement),
    };
    await store.note(statement.keyDigest, note);
    return note;
  } catch (error) {
    await store.discard(statement.digest).catch(() => undefined);
    throw error;
  }
}

async function fetchEngine(
  statement: EngineStatement,
  { hub, store }: TakeOptions,
  show: Show,
  signal: AbortSignal,
): Promise<void> {
  const { device, digest, sizeBytes } = statement;
  const { partPath, layer, folder } = store.partOf(digest);
  const phase = `fetching the engine of ${device}`;
  show({ phase, progress: 0 });
  requireSpace(sizeBytes, await freeBytes(folder));
  const onProgress = (bytes: number): void => show({ phase, progress: bytes / sizeBytes });
  let attempts = 0;
  await keepTrying(() => hub.fetch(statement, partPath, layer, { signal, onProgress }), {
    signal,
    backoff: FETCH_BACKOFF,
    mayPass: (error) => {
      attempts += 1;
      return isFleetError(error, "ARTIFACT_FETCH") && attempts < MOST_ATTEMPTS;
    },
    onFailure: () => undefined,
  });
}

function tryEngine(
  path: string,
  { digest }: EngineStatement,
  { model, recipe }: WantedEngine,
  { launch, addonPath, objectPath }: TakeOptions,
  signal: AbortSignal,
) {
  const { reference, ...outputs } = goldenWish(model, recipe);
  const common = { ...outputs, model: model.digest };
  const { backendPath, runtimePath, accelerator, threads } = recipe.build;
  const asItIs = { ...common, path: objectPath(model.digest), digest: model.digest };
  return runSelfTest({
    ...{ launch, addonPath, signal },
    engine: { ...common, path, digest, backendPath, runtimePath, accelerator, threads },
    reference: reference && { ...asItIs, ...reference, accelerator: "cpu" },
    memoryLimitBytes: memoryLimit(2 * model.sizeBytes),
  });
}
