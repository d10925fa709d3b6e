import { z } from "zod";
import {
  Cards,
  LayersBesidePlan,
  Pace,
  SelfTestFigures,
  SourceState,
} from "../../fleet/contract/index.ts";
import { MAX_LINES, MAX_ZONES } from "../../fleet/spec/analytics.ts";
import { Anchors, Decoder, Label, ModelInput } from "../../fleet/spec/model.ts";
import { Digest, Name } from "../../fleet/spec/names.ts";
import {
  MAX_REGIONS,
  MAX_SOURCES,
  RtspTransport,
  TrackAlgorithm,
} from "../../fleet/spec/pipeline.ts";
import { MAX_SECONDARY } from "../../fleet/spec/secondary.ts";
import type {
  NativeAnalytics,
  NativeBackendInfo,
  NativeLoadTimes,
  NativeMessage,
  NativeModelOptions,
  NativeModelSwap,
  NativePipelineOptions,
  NativeSecondary,
  NativeSource,
} from "../../native/binding/api.ts";

/** Orders and answers between agent and runner, as JSON over Node's IPC channel. Results go beside it: envelope.ts. */

export const ModelOptions = z.object({
  /** Digest of the version that is put to work: results carry it, so that they are told from those of any other. */
  id: Digest,
  path: z.string().min(1),
  /** Of the file: the runner loads these bytes or none. */
  digest: Digest,
  labels: z.array(Label).min(1),
  decoder: Decoder,
  /** Of decoder library: these bytes or none. */
  library: z.object({ path: z.string().min(1), digest: Digest }).optional(),
  input: ModelInput.optional(),
  anchors: Anchors.optional(),
  minScore: z.number().min(0).max(1),
  nmsIou: z.number().min(0).max(1),
  backendPath: z.string().min(1),
  /** Empty: the backend finds it by itself. */
  runtimePath: z.string(),
  threads: z.number().int().positive(),
  /** Accelerators that share the frames; absent: the backend's first alone. */
  lanes: z
    .array(
      z.object({
        accelerator: z.string().min(1),
        path: z.string().min(1),
        digest: Digest,
        precision: z.string().min(1),
      }),
    )
    .min(1)
    .optional(),
  preprocess: z.enum(["cpu", "cuda", "vic"]).optional(),
}) satisfies z.ZodType<NativeModelOptions>;
export type ModelOptions = z.infer<typeof ModelOptions>;

const SourceOptions = z.object({
  name: Name,
  uri: z.string().min(1),
  transport: RtspTransport.optional(),
  loop: z.boolean(),
  timeoutMs: z.number().int().positive(),
  stallTimeoutMs: z.number().int().positive().optional(),
  regions: z
    .array(z.object({ left: z.number(), top: z.number(), width: z.number(), height: z.number() }))
    .max(MAX_REGIONS)
    .optional(),
  tls: z.object({ caFile: z.string().optional(), fingerprint: z.string().optional() }).optional(),
}) satisfies z.ZodType<NativeSource>;
export type SourceOptions = z.infer<typeof SourceOptions>;

/** Sources that leave a running pipeline, and those that come to it after that. At least one stays. */
export const SourcesChange = z.object({
  remove: z.array(Name).max(MAX_SOURCES),
  add: z.array(SourceOptions).max(MAX_SOURCES),
});
export type SourcesChange = z.infer<typeof SourcesChange>;

const Place = z.object({
  name: Name,
  source: Name.optional(),
  margin: z.number().optional(),
  labels: z.array(Label).optional(),
  minScore: z.number().optional(),
  minSize: z.number().optional(),
  maxSize: z.number().optional(),
});

/** Checked as AnalyticsSpec already; the native runtime looks once more. */
const AnalyticsOptions = z.object({
  lines: z
    .array(Place.extend({ from: z.array(z.number()), to: z.array(z.number()) }))
    .max(MAX_LINES),
  zones: z
    .array(Place.extend({ points: z.array(z.number()), minDwellMs: z.number().optional() }))
    .max(MAX_ZONES),
  updateMs: z.number().optional(),
}) satisfies z.ZodType<NativeAnalytics>;

/** Checked as SecondarySpec already; the native runtime looks once more. */
const SecondaryOptions = z.object({
  name: Name,
  model: ModelOptions,
  labels: z.array(Label).optional(),
  minScore: z.number().min(0).max(1),
  minHeight: z.number().min(0).max(1),
  refreshMs: z.number().positive().optional(),
}) satisfies z.ZodType<NativeSecondary>;
export type SecondaryOptions = z.infer<typeof SecondaryOptions>;

export const PipelineOptions = z.object({
  name: z.string().min(1),
  sources: z.array(SourceOptions).min(1).max(MAX_SOURCES),
  model: ModelOptions,
  track: z.object({ algorithm: TrackAlgorithm }).nullable(),
  detectInterval: z.number().int().positive().optional(),
  analytics: AnalyticsOptions.optional(),
  secondary: z.array(SecondaryOptions).max(MAX_SECONDARY).optional(),
  motion: z.object({ threshold: z.number(), keepAliveMs: z.number() }).optional(),
  statsIntervalMs: z.number().int().positive(),
  batchMs: z.number().int().positive(),
}) satisfies z.ZodType<NativePipelineOptions>;
export type PipelineOptions = z.infer<typeof PipelineOptions>;

const NATIVE_CODES = [
  "SOURCE_UNREACHABLE",
  "SOURCE_AUTH",
  "SOURCE_FORMAT",
  "SOURCE_AUTH_MISSING",
  "SOURCE_AUTH_SCHEME",
  "SOURCE_NOT_FOUND",
  "SOURCE_REDIRECT",
  "SOURCE_TLS",
  "SOURCE_TRANSPORT",
  "SOURCE_UDP_BLOCKED",
  "SOURCE_SILENT",
  "SOURCE_CODEC",
  "SOURCE_NO_VIDEO",
  "SOURCE_NO_KEY_FRAME",
  "SOURCE_UNSUPPORTED",
  "SOURCE_TRUNCATED",
  "SOURCE_JOINED",
  "SOURCE_LOSS",
  "SOURCE_OVERLOAD",
  "SOURCE_CLOCK",
  "MODEL_INVALID",
  "MODEL_MEMORY",
  "ARTIFACT_DIGEST",
  "MOTION_UNAVAILABLE",
  "NATIVE_LOAD",
  "USAGE",
  "CANCELLED",
  "INTERNAL",
] as const;

/** A code that this version does not know becomes INTERNAL; the message is kept. */
const NativeErrorShape = z.object({
  code: z.enum(NATIVE_CODES).catch("INTERNAL"),
  message: z.string(),
});
/** Also what the runner itself refuses. */
export const RunnerError = z.object({
  code: z.enum([...NATIVE_CODES, "SPEC_INVALID"]).catch("INTERNAL"),
  message: z.string(),
});
export type RunnerError = z.infer<typeof RunnerError>;

/** What went wrong in a runner, in the words of its protocol. */
export function toRunnerError(error: unknown): RunnerError {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  return RunnerError.parse({ code: code ?? "INTERNAL", message });
}

/** What an envelope of type `source` or `failed` holds. */
export const SourceMessage = z.object({
  type: z.literal("source"),
  source: z.string().max(64).optional(),
  state: SourceState,
  error: NativeErrorShape.nullable(),
}) satisfies z.ZodType<Extract<NativeMessage, { type: "source" }>>;
export type SourceMessage = z.infer<typeof SourceMessage>;

export const FailedMessage = z.object({
  type: z.literal("failed"),
  error: NativeErrorShape,
}) satisfies z.ZodType<Extract<NativeMessage, { type: "failed" }>>;

export const WarningMessage = z.object({
  type: z.literal("warning"),
  source: z.string().max(64).optional(),
  error: NativeErrorShape,
}) satisfies z.ZodType<Extract<NativeMessage, { type: "warning" }>>;
export type WarningMessage = z.infer<typeof WarningMessage>;

const LoadTimes = z.object({
  loadMs: z.number(),
  warmMs: z.number(),
}) satisfies z.ZodType<NativeLoadTimes>;

export const ModelSwap = LoadTimes.extend({
  firstIndex: z.number().nullable(),
  firstSourceFrame: z.number().nullable(),
  lastIndex: z.number().nullable(),
  lastSourceFrame: z.number().nullable(),
  gapMs: z.number().nullable(),
}) satisfies z.ZodType<NativeModelSwap>;
export type ModelSwap = z.infer<typeof ModelSwap>;

const Shape = z.array(z.number().int().positive()).min(1).max(8);
const Bytes = z.number().int().nonnegative().optional();

/** What of a build its engine's key names, as fleet/engine's `buildOptionsOf` says it. */
const KeyedOptions = z.object({
  precision: z.enum(["fp32", "fp16", "int8"]),
  allowTf32: z.boolean(),
  gpuFallback: z.boolean(),
  minMaxRanges: z.boolean(),
  float32Nodes: z.array(z.string()),
  shapes: z.array(z.object({ input: z.string(), min: Shape, opt: Shape, max: Shape })),
  effort: z.number().int().min(1).max(6).optional(),
  workspaceBytes: Bytes,
  dlaSramBytes: Bytes,
  dlaLocalDramBytes: Bytes,
  dlaGlobalDramBytes: Bytes,
  tacticSharedMemoryBytes: Bytes,
});

/** What is run on golden pictures (fleet/engine): an engine, or a model as it is. */
export const GoldenSubject = z.object({
  path: z.string().min(1),
  /** Of the file: these bytes are loaded or none. */
  digest: Digest,
  /** Whose golden pictures. */
  model: Digest,
  decoder: Decoder,
  input: ModelInput.optional(),
  anchors: Anchors.optional(),
  labelCount: z.number().int().min(1).max(1000),
  backendPath: z.string().min(1),
  runtimePath: z.string(),
  accelerator: z.string().min(1),
  threads: z.number().int().positive(),
});
export type GoldenSubject = z.infer<typeof GoldenSubject>;

/** What an engine found, and what its model as it is did; null: nobody here can run that. */
export const GoldenFigures = z.object({
  engine: SelfTestFigures,
  reference: SelfTestFigures.nullable(),
});
export type GoldenFigures = z.infer<typeof GoldenFigures>;

/** What a builder needs to try the engine that it built. */
export const GoldenWish = GoldenSubject.pick({
  decoder: true,
  input: true,
  anchors: true,
  labelCount: true,
}).extend({
  /** What runs the model as it is; null: no measure for this engine. */
  reference: GoldenSubject.pick({ backendPath: true, runtimePath: true, threads: true }).nullable(),
});
export type GoldenWish = z.infer<typeof GoldenWish>;

/** What the engine was planned as, for its layers to be held against. */
export const LayerPlan = z.object({
  module: z.string().min(1),
  jetpack: z.string().optional(),
  powerMode: z.string().optional(),
  accelerator: z.enum(["gpu", "dla0"]),
  precision: z.enum(["fp32", "fp16", "int8"]),
  /** Whether the machine is that silicon in that power mode, so that times may be compared. */
  isAlike: z.boolean(),
});
export type LayerPlan = z.infer<typeof LayerPlan>;

export const HeldLayers = z.object({
  layers: LayersBesidePlan.nullable(),
  /** Why they could not be held against the plan, or not timed; null: they were. */
  untold: z.string().nullable(),
});
export type HeldLayers = z.infer<typeof HeldLayers>;

/** What a builder makes an engine of. It builds in a folder of its own and hands the engine over piece by piece. */
export const BuildOptions = z.object({
  modelPath: z.string().min(1),
  /** Of the file: an engine is made of these bytes or of none. */
  modelDigest: Digest,
  backendPath: z.string().min(1),
  /** Empty: the backend finds it by itself. */
  runtimePath: z.string(),
  accelerator: z.string().min(1),
  /** Of backends that build in several ways. */
  keyed: KeyedOptions.optional(),
  /** 86 for 8.6: of a GPU that is not this machine's. */
  computeCapability: z.number().int().positive().optional(),
  threads: z.number().int().positive(),
  /** Text of fleet/engine's EngineKey. */
  engineKey: z.string().min(1),
  /** Null: it is not tried, for only the runner of its pipeline loads the decoder that reads it. */
  golden: GoldenWish.nullable(),
  /** Table of INT8 ranges: these bytes or none. */
  calibration: z.object({ path: z.string().min(1), digest: Digest }).optional(),
  /** Absent: nothing was planned of such an engine. */
  plan: LayerPlan.optional(),
  /** What an earlier builder found out, of backends that keep such things; empty: nothing yet. */
  timingCachePath: z.string().optional(),
  /** On a simulated board: the build is made to last this long at least. */
  simulatedMs: z.number().positive().optional(),
});
export type BuildOptions = z.infer<typeof BuildOptions>;

/** A piece of an engine fits into an envelope many times. */
export const PIECE_BYTES = 2 ** 20;

/** Of one kernel in base64; they have some ten thousand bytes. */
const MOST_KERNEL_TEXT = 2 ** 19;

export const BackendInfo = z.object({
  name: z.string().min(1).max(64),
  version: z.string().min(1).max(64).nullable(),
  gpu: z
    .object({
      name: z.string().min(1).max(256),
      computeCapability: z.number().int().min(10).max(999),
      multiprocessors: z.number().int().min(1).max(4096),
    })
    .nullable(),
  noGpu: z.string().max(4000).nullable(),
}) satisfies z.ZodType<NativeBackendInfo>;
export type BackendInfo = z.infer<typeof BackendInfo>;

export const ToRunner = z.discriminatedUnion("type", [
  /** Tries a model and ends; no pipeline is started. */
  z.object({ type: z.literal("test"), addonPath: z.string().min(1), model: ModelOptions }),
  /** Runs an engine, and its model as it is where that can be, on golden pictures; answered by `golden` or `test-failed`. */
  z.object({
    type: z.literal("golden"),
    addonPath: z.string().min(1),
    engine: GoldenSubject,
    reference: GoldenSubject.nullable(),
  }),
  /** Compiles the backend's own kernels; answered by `kernels` or `test-failed`. */
  z.object({
    type: z.literal("kernels"),
    addonPath: z.string().min(1),
    backendPath: z.string().min(1),
    runtimePath: z.string(),
    /** 86 for 8.6: of a GPU that is not this machine's. */
    computeCapability: z.number().int().positive().optional(),
  }),
  /** Says what GPU a backend sees, and which version its library has; answered by `backend` or `test-failed`. */
  z.object({
    type: z.literal("describe"),
    addonPath: z.string().min(1),
    backendPath: z.string().min(1),
    runtimePath: z.string(),
  }),
  /** Answered by `cards`, once a second until the runner ends. */
  z.object({ type: z.literal("watch-cards") }),
  /** Answered by `swapped` or `swap-failed`. `inTurn`: the former model goes before the new one is loaded. */
  z.object({ type: z.literal("swap"), model: ModelOptions, inTurn: z.boolean() }),
  /** Answered by `sources-changed` or `change-failed`; when that fails, some of it may be done. */
  z.object({ type: z.literal("change-sources") }).extend(SourcesChange.shape),
  z.object({ type: z.literal("start"), addonPath: z.string().min(1), options: PipelineOptions }),
  /** Of the running pipeline, at once. Its statistics show what came of it. */
  z.object({ type: z.literal("set-pace"), pace: Pace }),
  /** Answered by `build-progress`, again and again, and then `built` or `build-failed`. */
  z.object({ type: z.literal("build"), addonPath: z.string().min(1), options: BuildOptions }),
  /** After `built`; a piece of at most PIECE_BYTES follows in an envelope `engine`. */
  z.object({ type: z.literal("read-engine"), offset: z.number().int().nonnegative() }),
  z.object({ type: z.literal("stop") }),
]);
export type ToRunner = z.infer<typeof ToRunner>;

export const FromRunner = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), addonVersion: z.string() }),
  z.object({ type: z.literal("start-failed"), error: RunnerError }),
  z.object({ type: z.literal("tested"), times: LoadTimes }),
  z.object({ type: z.literal("test-failed"), error: RunnerError }),
  z.object({ type: z.literal("golden") }).extend(GoldenFigures.shape),
  /** Files as the native runtime writes them (fleet/engine's `readKernelFile`). */
  z.object({
    type: z.literal("kernels"),
    base64: z.array(z.string().max(MOST_KERNEL_TEXT)).max(16),
  }),
  z.object({ type: z.literal("backend"), backend: BackendInfo }),
  z.object({ type: z.literal("cards"), cards: Cards }),
  z.object({ type: z.literal("swapped"), swap: ModelSwap }),
  z.object({ type: z.literal("swap-failed"), error: RunnerError }),
  z.object({ type: z.literal("sources-changed") }),
  z.object({ type: z.literal("change-failed"), error: RunnerError }),
  z.object({
    type: z.literal("build-progress"),
    share: z.number().min(0).max(1),
    step: z.string().max(200),
  }),
  z.object({
    type: z.literal("built"),
    sizeBytes: z.number().int().positive(),
    digest: Digest,
    /** Null: it could not be tried, and `untried` says why. */
    golden: GoldenFigures.nullable(),
    untried: RunnerError.nullable(),
    /** Null: nothing was planned. */
    held: HeldLayers.nullable(),
  }),
  /** `noRoom`: the folder it builds in is full, which says nothing of the model. */
  z.object({ type: z.literal("build-failed"), error: RunnerError, noRoom: z.boolean() }),
  z.object({ type: z.literal("stopped") }),
]);
export type FromRunner = z.infer<typeof FromRunner>;
