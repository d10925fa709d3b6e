import { resolve } from "node:path";
import { z } from "zod";
import { isFleetError } from "../../../fleet/errors/index.ts";
import {
  Decoder,
  DecoderLibrary,
  DecoderObjects,
  Machine,
  ModelManifest,
  ModelSpec,
  machineOf,
  UNSUPPORTED_MODEL_KEYS,
} from "../../../fleet/spec/index.ts";
import { sendingText } from "../../../fleet/transfer/transfer-text.ts";
import type { Checked, CheckFailure } from "../check.ts";
import { diffInputs, diffState } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import { addTable, checkFloat32Nodes } from "../model/check-int8.ts";
import { readModelFile } from "../model/model-file.ts";
import { addDecoder, decoderAtOdds, type TriedLibrary } from "../model/own-decoder.ts";
import { modelTrials } from "../model/try-model.ts";
import { pipelinePlanner } from "../plan/pipeline-planner.ts";
import { HubMark, hubGoal } from "../release/hub-mark.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Properties, reveal, UNKNOWN, type Value } from "../rpc/values.ts";
import { importModel } from "./model-import.ts";
import type { Log, Resource } from "./resource.ts";

export const ModelState = z.object({
  digest: ModelManifest.shape.digest,
  sizeBytes: z.number().int().meta({ description: "Size of the file." }),
  manifest: ModelManifest.meta({
    description: "What pipelines and devices need to know of the model.",
  }),
  stored: z.boolean().meta({ description: "Whether the hub holds the file." }),
  hub: HubMark,
});

/** Inputs as they stand in state: check adds digests and sizes, so that a changed file is a changed input. */
const CheckedModel = z.object({
  ...ModelSpec.shape,
  digest: ModelManifest.shape.digest,
  sizeBytes: ModelManifest.shape.sizeBytes,
  table: ModelManifest.shape.calibration,
  decoderObjects: DecoderObjects.optional(),
});

/** What a trial depends on; not there as long as some of it is unknown, or wrong. */
const TrialInputs = z.object({
  labels: ModelSpec.shape.labels,
  decoder: z.union([Decoder, z.literal("auto")]).default("auto"),
  input: ModelSpec.shape.input,
  anchors: ModelSpec.shape.anchors,
});

// The id is the digest, and only a new resource can have a new id. Both may be at the hub at the same time.
const FILES = /^(source|sizeBytes|calibration|hub|decoderLibrary([.[].*)?)$/;
const RULES = { replaceOn: ["digest"], deleteBeforeReplace: false };

export const modelResource: Resource = {
  type: "jetfleet:index:Model",
  rules: { schema: ModelSpec, unsupported: UNSUPPORTED_MODEL_KEYS, secrets: [] },
  drifts: false,
  timeoutsMs: { create: 600_000, update: 600_000, delete: 30_000, read: 30_000 },

  goals: (context) => Promise.resolve({ stored: true, ...hubGoal(context) }),

  async refine(inputs, checked, _urn, signal) {
    return await addDigest(inputs, checked, signal);
  },

  diff(known, news) {
    // Where a file lies and how large it is does not matter as long as it is the same file.
    const changes = diffInputs(known.inputs, news, RULES).filter(({ path }) => !FILES.test(path));
    return {
      changes: [...changes, ...diffState(known.state, { stored: true, hub: news["hub"] })],
      deleteBeforeReplace: RULES.deleteBeforeReplace,
    };
  },

  previewCreate(inputs, log) {
    logUntried(inputs, log);
    const digest = inputs["digest"] ?? UNKNOWN;
    return { id: typeof digest === "string" ? digest : "", state: stateOf(inputs) };
  },

  previewUpdate(_known, news, log) {
    logUntried(news, log);
    return stateOf(news);
  },

  async create(context, operation, inputs) {
    const { digest } = CheckedModel.parse(reveal(inputs));
    await upload(context, operation, inputs);
    return { id: digest, state: stateOf(inputs) };
  },

  async update(context, operation, _known, news) {
    await upload(context, operation, news);
    return stateOf(news);
  },

  async read(context, operation, known) {
    const digest = known.state["digest"];
    if (typeof digest !== "string") return await importModel(context, operation, known.id);
    try {
      await context.hubInfo(operation.signal);
      const hub = context.hub(operation.signal);
      const { table, decoderObjects } = known.inputs;
      const libraries = Object.values(DecoderObjects.safeParse(decoderObjects).data ?? {});
      const digests = [
        ...[digest, ...(isTable(table) ? [table.digest] : [])],
        ...libraries.flatMap((object) => object?.digest ?? []),
      ];
      const found = await Promise.all(digests.map((one) => hub.hasObject(one)));
      const stored = found.every(Boolean);
      return { ...known, state: { ...known.state, stored, ...hubGoal(context) } };
    } catch (error) {
      if (!isFleetError(error, "HUB_UNREACHABLE")) throw error;
      operation.log("warning", `The model keeps its last known state: ${error.message}`);
      return known;
    }
  },

  /** The file stays at the hub: other stacks may name it, and devices may have to go back to it. */
  delete(_context, operation) {
    operation.status("the file stays at the hub");
    return Promise.resolve();
  },
};

function isTable(table: unknown): table is NonNullable<ModelManifest["calibration"]> {
  return ModelManifest.shape.calibration.unwrap().safeParse(table).success;
}

function stateOf(inputs: Properties): Properties {
  const { name, digest = UNKNOWN, sizeBytes = UNKNOWN, labels, decoder = UNKNOWN } = inputs;
  const { table, decoderObjects, float32Nodes, input, anchors } = inputs;
  const manifest = {
    ...{ name, digest, sizeBytes, labels, decoder },
    ...(decoderObjects !== undefined && { decoderLibrary: decoderObjects }),
    ...(input !== undefined && { input }),
    ...(anchors !== undefined && { anchors }),
    ...(table !== undefined && { calibration: table }),
    ...(float32Nodes !== undefined && { float32Nodes }),
  } as Record<string, Value>;
  return { ...inputs, digest, sizeBytes, manifest, stored: true };
}

async function addDigest(
  inputs: Properties,
  checked: Checked,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const given = reveal(inputs) as Record<string, Value>;
  const { source, calibration, float32Nodes, decoder, decoderLibrary } = given;
  if (
    typeof source !== "string" ||
    checked.failures.some(({ property }) => property === "source")
  ) {
    return [];
  }
  try {
    const { digest, sizeBytes, model } = await readModelFile(source);
    pipelinePlanner.noteModel(digest, model);
    inputs["digest"] = digest;
    inputs["sizeBytes"] = sizeBytes;
    const failures = [
      ...(await addTable(inputs, calibration, digest)),
      ...checkFloat32Nodes(float32Nodes, model),
    ];
    const own = await addOwn(inputs, decoder, decoderLibrary);
    failures.push(...own.failures);
    if (own.failures.length > 0 || own.library === null) return failures;
    const order = TrialInputs.safeParse(given);
    if (!order.success) return failures;
    const { labels, ...rest } = order.data;
    const asked = {
      ...{ ...rest, labelCount: labels.length, model: resolve(source), digest },
      ...(own.library && { decoder: Decoder.enum.library, library: own.library }),
    };
    const trial = await modelTrials.try(asked, sizeBytes, signal);
    if ("failure" in trial) {
      const { failure } = trial;
      return [...failures, own.library ? { ...failure, property: "decoderLibrary" } : failure];
    }
    inputs["decoder"] = trial.decoder;
    return failures;
  } catch (error) {
    if (!isFleetError(error, "MODEL_INVALID")) throw error;
    return [{ property: "source", reason: error.message, code: error.code }];
  }
}

/** `library`: what is to be tried with it; null: nothing can be, undefined: it is a decoder of the runtime's. */
async function addOwn(
  inputs: Properties,
  decoder: Value | undefined,
  given: Value | undefined,
): Promise<{ failures: CheckFailure[]; library?: TriedLibrary }> {
  const atOdds = decoderAtOdds(decoder, given);
  const library = DecoderLibrary.safeParse(given);
  if (atOdds.length > 0 || !library.success) return { failures: atOdds };
  return await addDecoder(inputs, library.data);
}

function logUntried({ decoderObjects }: Properties, log: Log): void {
  const objects = DecoderObjects.safeParse(decoderObjects).data;
  const machine = machineOf(process.arch);
  if (objects === undefined || (machine !== null && objects[machine] !== undefined)) return;
  log(
    `the model and its decoder are not tried here: there is no file for ${machine ?? process.arch}, which this machine ` +
      "is; devices try them before they put them to work",
    "warning",
  );
}

async function upload(
  context: FleetContext,
  operation: Operation,
  inputs: Properties,
): Promise<void> {
  const { digest, source, sizeBytes, calibration, table, decoderLibrary, decoderObjects } =
    CheckedModel.parse(reveal(inputs));
  await context.hubInfo(operation.signal);
  operation.status("asking the hub for the model");
  await context
    .hub(operation.signal)
    .putObject(digest, source, (sentBytes) =>
      operation.status(sendingText("the model", sentBytes, sizeBytes)),
    );
  if (table !== undefined && calibration !== undefined) {
    await context.hub(operation.signal).putObject(table.digest, calibration, () => undefined);
  }
  for (const machine of Machine.options) {
    const [path, object] = [decoderLibrary?.[machine], decoderObjects?.[machine]];
    if (path === undefined || object === undefined) continue;
    await context.hub(operation.signal).putObject(object.digest, path, () => undefined);
  }
  operation.status("the hub has the model");
}
