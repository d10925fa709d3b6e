import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import type { EngineBuild, LayersBesidePlan } from "../../fleet/contract/index.ts";
import type { EngineKey } from "../../fleet/engine/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { toReportedError } from "../report/reported-error.ts";
import { type BuildState, buildOnce, type OneBuildOptions } from "./build-once.ts";
import type { BuiltNote } from "./engine-note.ts";
import type { EngineStore } from "./engine-store.ts";
import type { EngineForm, EngineRecipe } from "./recipes.ts";
import { judgeSelfTest, noteOfTest } from "./self-test.ts";
import type { HeldClaim } from "./share/held-claim.ts";
import type { Sharing } from "./share/sharing.ts";

export interface MakeOptions extends Omit<OneBuildOptions, "onChange"> {
  store: EngineStore;
  /** Engines from and for other devices. */
  sharing: Sharing;
  quotaBytes: number;
  onProgress: () => void;
  onEvent: (event: NewEvent) => void;
  /** Of an engine that was built here. */
  onBuilt: (note: BuiltNote) => void;
  /** Of one that was planned: its layers beside the plan. */
  onLayers: (model: string, form: EngineForm, layers: LayersBesidePlan) => void;
}

/** An engine on its way. */
export interface Making {
  model: ModelManifest;
  form: EngineForm;
  abort: AbortController;
  /** As it is told; changed as the build goes on. */
  state: BuildState;
}

/**
 * Builds one engine, keeps it, tells of it and offers it to others; a model of which none can be made is remembered.
 * Throws what keeps it from being built.
 */
export async function makeEngine(
  build: Making,
  recipe: EngineRecipe,
  claim: HeldClaim,
  options: MakeOptions,
): Promise<void> {
  const { onBuilt, onEvent, sharing } = options;
  const { model } = build;
  const { key } = recipe;
  const startedAtMs = performance.now();
  try {
    const note = await make(build, recipe, options);
    const took = `in ${note.seconds.toFixed(1)} s: ${note.sizeBytes} bytes`;
    const message = `The engine of ${model.name} was built ${took}`;
    onBuilt(note);
    const { attestation: _attestation, key: _key, selfTest, ...told } = note;
    const data = { ...told, keyDigest: key.digest, ofModel: selfTest?.ofModel ?? null };
    onEvent({ kind: "engine-built", message, data });
    sharing.offer(note, claim);
  } catch (error) {
    void claim.end(isFleetError(error, "MODEL_INVALID") ? error : null);
    const seconds = (performance.now() - startedAtMs) / 1000;
    if (isFleetError(error, "MODEL_INVALID"))
      await remember(build, key, { seconds, error }, options);
    throw error;
  }
}

function make(build: Making, recipe: EngineRecipe, options: MakeOptions): Promise<BuiltNote> {
  const { store, quotaBytes, onProgress, onLayers, sharing, log } = options;
  const { model, form, abort } = build;
  const { key } = recipe;
  return buildOnce(model, recipe, abort.signal, {
    ...options,
    onChange: (state) => {
      const before = build.state.waitsFor;
      Object.assign(build.state, state);
      tellWait(build, before, options);
      onProgress();
    },
    keep: async ({ digest, sizeBytes, golden, untried, held }, seconds, bytes) => {
      requireWithin(quotaBytes, sizeBytes, model);
      if (untried) log.warn("an engine could not be tried", { reason: untried.message });
      const built: BuiltNote = {
        ...{ outcome: "built", key: key.text, model: model.digest, accelerator: form },
        ...{ digest, sizeBytes, seconds, atMs: Date.now(), origin: "built-here" },
        ...(golden && { selfTest: noteOfTest(golden.engine, judgeSelfTest(golden, null)) }),
      };
      const note = sharing.attest(built, backendName(recipe.build.backendPath));
      await store.put(key.digest, note, bytes);
      if (held?.untold) log.warn("what is known of the layers is not all", { reason: held.untold });
      if (held?.layers) onLayers(model.digest, form, held.layers);
      return note;
    },
  });
}

/** What is waited for is an event once, however often the board is looked at. */
function tellWait(
  { model, state }: Making,
  before: EngineBuild["waitsFor"],
  { onEvent }: MakeOptions,
): void {
  const now = state.waitsFor;
  if (now === null || now.code === before?.code) return;
  const message = `The engine of ${model.name} waits: ${now.code}: ${now.message}`;
  onEvent({ kind: "engine-waits", message });
}

function remember(
  { model, form }: Making,
  key: EngineKey,
  { seconds, error }: { seconds: number; error: FleetError },
  { store }: MakeOptions,
): Promise<void> {
  return store.remember(key.digest, {
    ...{ outcome: "unbuildable", key: key.text, model: model.digest, accelerator: form },
    ...{ seconds, atMs: Date.now(), error: toReportedError(error, "building an engine") },
  });
}

function requireWithin(quotaBytes: number, sizeBytes: number, { name }: ModelManifest): void {
  if (sizeBytes <= quotaBytes) return;
  const message = `Expected an engine within the quota of ${quotaBytes} bytes but that of ${name} has ${sizeBytes}`;
  throw new FleetError("BOARD_DISK_FULL", message);
}

/** "onnxruntime" of ".../libjetfleet-backend-onnxruntime.so". */
function backendName(path: string): string {
  return basename(path).replace(/^libjetfleet-backend-|\.so$/g, "");
}
