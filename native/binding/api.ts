/**
 * What the addon `jetfleet.node` exports: the whole surface between JavaScript and C++. JavaScript never
 * touches a frame; it configures, and receives results through one bounded thread-safe function.
 * Options are validated by the caller (zod in agent/); C++ asserts.
 */
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import type { Decoder, ModelInput } from "../../fleet/spec/index.ts";

export interface NativeModelOptions {
  /** Names the model in `frames` messages; its path by default. */
  id?: string;
  /** Path of the ONNX file. */
  path: string;
  /**
   * "sha256:" and 64 hexadecimal digits: what is loaded are the very bytes that have it, whatever becomes of the file,
   * and nothing beside it is opened. By default the file is loaded as it is.
   */
  digest?: string;
  labels: string[];
  /** Of the registry of native/core/decode; auto: the one whose shapes fit. */
  decoder: Decoder | "auto";
  /** Of darknet's heads, widths and heights in turn, small ones first. Default: those of the published models. */
  anchors?: number[] | undefined;
  /** How pictures get in, where the decoder's family has it otherwise or the model leaves its size open. */
  input?: ModelInput | undefined;
  /** Of decoder `library` (native/decoders/decoder_abi.h). */
  library?: { path: string; digest?: string | undefined } | undefined;
  minScore: number;
  nmsIou: number;
  /** Path of the backend's shared object (libjetfleet-backend-onnxruntime.so). */
  backendPath: string;
  /** Path of the vendor's library that the backend opens (libonnxruntime.so). */
  runtimePath: string;
  /** Threads of one inference; 1 costs the least CPU per frame. */
  threads: number;
  /**
   * Accelerators that share the frames, by default the backend's own first one alone. Each may have an engine of its
   * own, with the same inputs and outputs; `precision` is what it was built in, for statistics.
   */
  lanes?: NativeLane[] | undefined;
  /** What brings pictures into the input, refused where the backend does not have it. Default: the backend's own. */
  preprocess?: "cpu" | "cuda" | "vic" | undefined;
}

export interface NativeLane {
  accelerator: string;
  path?: string | undefined;
  /** As the model's own; of `path`. */
  digest?: string | undefined;
  precision?: string | undefined;
}

export interface NativeSource {
  /** Names the source in frames, statistics and messages; they name none by default. Of several, each has its own. */
  name?: string;
  uri: string;
  /** `auto`: TCP, or UDP where a camera refuses that. The others are begun with, and a refusal is told. Default: auto. */
  transport?: "auto" | "tcp" | "udp" | undefined;
  loop: boolean;
  /**
   * Files: pictures come at the pace of their time stamps instead of as fast as they are taken. Default: as
   * `loop`, for a file that never ends stands for a camera.
   */
  realtime?: boolean;
  /** Of each step of the network. A camera that does not answer for this long counts as lost and is opened again. */
  timeoutMs: number;
  /** So does one that sends no picture for this long. Default: by the interval its pictures have. */
  stallTimeoutMs?: number | undefined;
  /**
   * The parts of its pictures that the model looks at, each by itself, in shares of width and height: at most 8; none: the
   * whole. Boxes are those of the whole picture, and what several parts see counts once.
   */
  regions?: { left: number; top: number; width: number; height: number }[] | undefined;
  /** What makes an rtsps:// camera trusted beside the system's authorities. */
  tls?: { caFile?: string | undefined; fingerprint?: string | undefined } | undefined;
}

export interface NativePipelineOptions {
  name: string;
  /** 1 to 16. Frames of all meet the same model; each has its own tracker, and where one is lost the others go on. */
  sources: NativeSource[];
  model: NativeModelOptions;
  /** null: no tracker. */
  track: { algorithm: NativeTrackAlgorithm } | null;
  /**
   * The model looks at every so many-th frame of each source, up to 100, and the tracker tells of those between, which
   * `skipped` marks. Default: 1, which is all there is without a tracker.
   */
  detectInterval?: number | undefined;
  /** Needs a tracker. Default: none. */
  analytics?: NativeAnalytics | undefined;
  /** Up to 4, names of their own. They need a tracker. Default: none. */
  secondary?: NativeSecondary[] | undefined;
  /**
   * Of pictures that do not differ from the last one that the model looked at, it looks at one in so many milliseconds of
   * the source's time. `threshold`: the share of the picture that must have changed. Default: it looks at all; so it does
   * without a tracker.
   */
  motion?: { threshold: number; keepAliveMs: number } | undefined;
  /** Interval of `stats` messages. */
  statsIntervalMs: number;
  /** Frames come at once, but those within so many milliseconds of the last `frames` message together in the next. */
  batchMs: number;
}

/**
 * A second model that looks at the tracked objects of all sources, each cut out of its picture, and is asked again of none
 * that it has answered. A pipeline that starts with one whose model is wrong is refused with that model's error, which
 * names it. Exchanging it means starting the pipeline anew.
 */
export interface NativeSecondary {
  /** The key of what it says among an object's attributes. */
  name: string;
  /**
   * Its decoder is classification or reid; of the latter, labels, `minScore` and `nmsIou` mean nothing. Of `lanes`, the
   * first does the work.
   */
  model: NativeModelOptions;
  /** Of the pipeline's model; objects that it looks at. Default: all. */
  labels?: string[] | undefined;
  /** From 0 to 1: of an answer of a classifier to be told. Not for reid. */
  minScore: number;
  /** Share of the picture's height, from 0 to 1: smaller objects are not looked at yet. */
  minHeight: number;
  /** It looks at an object again when its answer is so old. Default: never. */
  refreshMs?: number | undefined;
}

/** Objects that count at a line or in a zone. Default: all. */
interface NativePlace {
  name: string;
  /** Of the pipeline's. Default: each by itself. */
  source?: string | undefined;
  /** Hysteresis: share of the picture's height. Default: 0.01. */
  margin?: number | undefined;
  /** Each of the model's. */
  labels?: string[] | undefined;
  /** That the object has had once. */
  minScore?: number | undefined;
  /** Shares of the picture's area. */
  minSize?: number | undefined;
  maxSize?: number | undefined;
}

/** At most 32 lines and 32 zones. Points are x and y from 0 to 1, from the top left. */
export interface NativeAnalytics {
  /** `in`: from the left to the right hand of who walks from `from` to `to`, in the picture. */
  lines: (NativePlace & { from: number[]; to: number[] })[];
  /** 3 to 64 points, x and y in turn. */
  zones: (NativePlace & { points: number[]; minDwellMs?: number | undefined })[];
  /** Between two updates of a visit. Default: 10,000. */
  updateMs?: number | undefined;
}

/**
 * Results and statistics come as JSON in UTF-8, written in C++ once, to be handed on as they are.
 *
 * At most 16 messages, or 5 ms of them, are delivered in one turn of the event loop; the rest follows in the next. Up
 * to 64 messages of frames and of analytics and 32 of each other type wait; then the oldest of the type is dropped, of states the oldest
 * of the same source, and the `drops` of the statistics count it.
 */
export type NativeMessage =
  /** `frames` of them, as JSON of DetectedFrame[]. All are by one model, which `modelId` names. */
  | { type: "frames"; modelId: string; frames: number; json: Uint8Array }
  /** JSON of PipelineStats. */
  | { type: "stats"; json: Uint8Array }
  /** `events` of them, as JSON of AnalyticsEvent[]; of one source, in order. */
  | { type: "analytics"; events: number; json: Uint8Array }
  | {
      type: "source";
      /** Its name; absent where it has none. */
      source?: string | undefined;
      /** Lost, too: a source that cannot go on while others do. */
      state: "connecting" | "playing" | "lost" | "ended";
      /** Codes of fleet/errors; null when nothing is wrong. Without user and password. */
      error: NativeError | null;
    }
  /** Something is wrong with a source that does not stop it; each kind once per connection. */
  | { type: "warning"; source?: string | undefined; error: NativeError }
  /** The pipeline cannot go on and has stopped. */
  | { type: "failed"; error: NativeError };

export interface NativeError {
  code:
    | "SOURCE_UNREACHABLE"
    | "SOURCE_AUTH"
    | "SOURCE_FORMAT"
    | "SOURCE_AUTH_MISSING"
    | "SOURCE_AUTH_SCHEME"
    | "SOURCE_NOT_FOUND"
    | "SOURCE_REDIRECT"
    | "SOURCE_TLS"
    | "SOURCE_TRANSPORT"
    | "SOURCE_UDP_BLOCKED"
    | "SOURCE_SILENT"
    | "SOURCE_CODEC"
    | "SOURCE_NO_VIDEO"
    | "SOURCE_NO_KEY_FRAME"
    | "SOURCE_UNSUPPORTED"
    | "SOURCE_TRUNCATED"
    | "SOURCE_JOINED"
    | "SOURCE_LOSS"
    | "SOURCE_OVERLOAD"
    | "SOURCE_CLOCK"
    | "MODEL_INVALID"
    | "MODEL_MEMORY"
    | "ARTIFACT_DIGEST"
    | "MOTION_UNAVAILABLE"
    | "NATIVE_LOAD"
    | "USAGE"
    | "CANCELLED"
    | "INTERNAL";
  message: string;
}

export interface NativeLoadTimes {
  loadMs: number;
  /** First runs, on real pictures. */
  warmMs: number;
}

/** What a model was tried as. */
export interface NativeTrial extends NativeLoadTimes {
  decoder: Decoder;
  /** Why that one, where none was named: by the shapes or, where these fit several, by its answers. */
  reason: string;
  input: { width: number; height: number };
}

/**
 * Where the new model took over: its first frame and the former's last, as they left the pipeline, and the time
 * between the two. All null when the source does not play: the next frame will be the new model's.
 */
export interface NativeModelSwap extends NativeLoadTimes {
  firstIndex: number | null;
  firstSourceFrame: number | null;
  lastIndex: number | null;
  lastSourceFrame: number | null;
  gapMs: number | null;
}

/** Runs until it is stopped or the process ends, whether or not somebody holds on to it. */
export interface NativePipeline {
  /**
   * Loads and tries a model beside the running one, then switches between two frames: none is lost for it, and
   * tracks go on (those of labels that the new model lacks end). Resolves when the first frame of the new model
   * is out. Rejects with MODEL_INVALID when the model does not load, does not fit its labels and decoder, or does
   * not run, with CANCELLED when the pipeline stops meanwhile, with INTERNAL while another swap is under way: the
   * former model then goes on.
   *
   * With `inTurn`, for a board without memory for two (MODEL_MEMORY): the former model is let go of first, so that no
   * frame is looked at until the new one is loaded. Files wait meanwhile, live sources drop what their queues have no
   * room for. When the new one cannot be loaded, the former one is loaded again before it rejects; when that fails too,
   * the pipeline has failed.
   */
  swapModel(model: NativeModelOptions, how?: { inTurn?: boolean }): Promise<NativeModelSwap>;
  /**
   * A source more, with a name of its own, while the others go on undisturbed; its states come as messages. Resolves
   * when it was started. Rejects with USAGE where its name is taken or 16 are there, with CANCELLED when the pipeline
   * stops. A batch holds at most as many pictures as there were sources when the model was loaded.
   */
  addSource(source: NativeSource): Promise<void>;
  /**
   * Resolves when no frame and no message of the source can follow: the frames behind its decoder are finished, the
   * rest is let go. Rejects with USAGE where none has that name or it is the only one, with CANCELLED when the pipeline
   * stops.
   */
  removeSource(name: string): Promise<void>;
  /**
   * From the next frames on, the model looks at every so many-th of each source, from 1 to 100, and the tracker tells of
   * those between. It stays through swaps and changes of sources, and may be called while one is under way. Throws a
   * TypeError for what is no such number, MODEL_INVALID above 1 without a tracker, CANCELLED after `stop`.
   */
  setDetectInterval(interval: number): void;
  /**
   * From the next frames on, of each live source only every so many-th, from 1 to 100, goes on behind its decoder, and
   * `setDetectInterval` counts those. The others are dropped at place `decode` for the reason `budget`. Files lose none:
   * their source waits, so there is no load to shed. 1 to begin with. Throws as `setDetectInterval`.
   */
  setAdmission(every: number): void;
  /** Stops and frees everything; resolves once no message can follow. May be called twice. */
  stop(): Promise<void>;
}

export interface NativeModelInfo {
  inputs: { name: string; shape: number[]; type: string }[];
  outputs: { name: string; shape: number[]; type: string }[];
}

/** A library that was opened, and the GPU that it runs on. */
export interface NativeBackendInfo {
  name: string;
  /** Of the vendor's library, by itself. */
  version: string | null;
  /** By the driver; null of a backend of processors, and where there is none: `noGpu` says why. */
  gpu: { name: string; computeCapability: number; multiprocessors: number } | null;
  noGpu: string | null;
}

/** What is not given is left to the backend; native/backends/backend_abi.h says more of each. */
export interface NativeBuildOptions {
  backendPath: string;
  runtimePath: string;
  modelPath: string;
  /** As `digest` of a model: built of these very bytes or none, and of nothing beside them. Default: of the file as it is. */
  modelDigest?: string;
  /** Written whole or not at all. One build of a path at a time. */
  enginePath: string;
  /** One of the backend's: "cpu", "gpu", "dla0". */
  accelerator?: string;
  precision?: "fp32" | "fp16" | "int8";
  threads?: number;
  allowTf32?: boolean;
  /** Layers that a DLA does not take go to the GPU; without it such a build fails. */
  gpuFallback?: boolean;
  /** INT8 ranges are the least and greatest values seen, not those that lose least information. */
  minMaxRanges?: boolean;
  /** Names of ONNX nodes that compute in float32 whatever the precision. */
  float32Nodes?: string[];
  workspaceBytes?: number | undefined;
  dlaSramBytes?: number | undefined;
  dlaLocalDramBytes?: number | undefined;
  dlaGlobalDramBytes?: number | undefined;
  tacticSharedMemoryBytes?: number | undefined;
  /** 1: least time spent on choosing kernels, 6: most. */
  effort?: number | undefined;
  /** Of inputs whose dimensions are open. */
  shapes?: { input: string; min: number[]; opt: number[]; max: number[] }[];
  calibrationTablePath?: string;
  calibrationDataPath?: string;
  timingCachePath?: string;
  /** Text of fleet/engine's EngineKey, kept with the engine. */
  engineKey?: string;
  /** Signs the engine. */
  macKey?: Uint8Array;
  /** Of the GPU to build for, 86 for 8.6, where the library builds for others than this machine's. */
  computeCapability?: number;
  /** Cancels: at the library's next step where it can be interrupted, else between its phases. */
  signal?: AbortSignal;
}

export interface NativeBuildProblem {
  fatal: boolean;
  /** ONNX node, or initializer, and its operator. */
  node: string | null;
  op: string | null;
  message: string;
}

export interface NativeBuildReport {
  /** Where each layer will run, of backends that tell; `reason` says why it is not where it was wanted. */
  layers: { name: string; type: string; accelerator: string | null; reason: string | null }[];
  problems: NativeBuildProblem[];
}

export interface NativeInferenceTimes {
  /** Per run, inference with decoding and NMS. */
  wallMs: number[];
  /** Of the whole process over all runs. */
  cpuMs: number;
}

export interface NativeBenchOptions {
  /** A model or an engine. */
  path: string;
  backendPath: string;
  runtimePath: string;
  accelerator?: string | undefined;
  engineKey?: string | undefined;
  macKey?: Uint8Array | undefined;
  threads: number;
  /** 0: as the model is. */
  batch: number;
  warmUpMs: number;
  /** Of each of the two measurements: one run at a time, and as many as the backend gains from. */
  durationMs: number;
  /** Also ask the library for its own account of the layers. */
  layers: boolean;
}

export interface NativeBenchTimes {
  backend: string;
  version: string;
  accelerators: string[];
  model: NativeModelInfo;
  batch: number;
  /** Of each run, with no other in flight: inputs there, computing, outputs back. */
  latencyMs: number[];
  /** With `inFlight` of them in flight, and the host's time for all. */
  runs: number;
  hostMs: number;
  inFlight: number;
  /** JSON of the library's own; null when it tells nothing or was not asked. */
  inspection: string | null;
  noInspection: string | null;
  /** By the library's own profiler, in the order in which layers run; empty where it tells none, or was not asked. */
  layerTimes: { name: string; ms: number }[];
}

export type NativeTrackAlgorithm = "bytetrack" | "sort" | "oc-sort" | "iou";

export interface NativeTrackOptions {
  /** Default: bytetrack. */
  algorithm?: NativeTrackAlgorithm;
  /** For how long a lost object is kept; seconds. Default: 1.5 for bytetrack, 1 for oc-sort, else two frames. */
  keepSeconds?: number;
  highScore: number;
  lowScore: number;
  newTrackScore: number;
  /** Frames a second: objects are moved on by time. */
  fps: number;
  /** Weigh IoU with the detection's score in the first association. */
  fuseScore: boolean;
}

export interface NativeBoxWithScore {
  left: number;
  top: number;
  width: number;
  height: number;
  score: number;
}

export interface NativeAnalyseOptions {
  analytics: NativeAnalytics;
  /** Of the picture, in pixels. */
  width: number;
  height: number;
  /** Tracks not seen for longer have been given up. */
  keepSeconds: number;
  frames: { ptsMs: number; tracks: (NativeBoxWithScore & { trackId: number })[] }[];
}

export interface NativeAddon {
  readonly version: string;
  /**
   * Loads the model, opens the source and starts. Rejects with `code` of NativeError when the model does not load.
   *
   * Messages go to a function, or to a file descriptor (a pipe, socket or file): there the pipeline's threads write them
   * as envelopes (agent/supervise/envelope.ts), and no JavaScript runs for a frame. It is set to non-blocking, and may
   * be closed as soon as this has returned. `stop()` waits up to a second for a reader who is behind.
   */
  startPipeline(
    options: NativePipelineOptions,
    receiver: ((message: NativeMessage) => void) | number,
  ): Promise<NativePipeline>;
  /**
   * Makes an engine on a thread of its own. `onProgress` is told the newest share, from 0 to 1, and what is being done;
   * older news is left out when it is slow. Rejects with `code` of NativeError and the `problems` found: CANCELLED,
   * MODEL_INVALID, NATIVE_LOAD without the library, INTERNAL while another build writes the same engine.
   */
  buildEngine(
    options: NativeBuildOptions,
    onProgress: (share: number, step: string) => void,
  ): Promise<NativeBuildReport>;
  /**
   * Loads a model and runs it on some real pictures; nothing else sees it. Rejects with MODEL_INVALID as
   * `swapModel` does, also when its answers cannot be what the decoder takes them for.
   */
  testModel(model: NativeModelOptions): Promise<NativeTrial>;
  /** Runs any model alone, without decoder or pictures, as trtexec does. */
  benchModel(options: NativeBenchOptions): Promise<NativeBenchTimes>;
  /** Runs the model alone `runs` times on one picture; for measurements. */
  measureInference(model: NativeModelOptions, runs: number): Promise<NativeInferenceTimes>;
  /** Runs the tracker alone over frames of detections of one label; for tests and measurements. */
  trackDetections(
    options: NativeTrackOptions,
    /** null: nobody has looked at the frame. */
    frames: (NativeBoxWithScore[] | null)[],
  ): NonNullable<DetectedFrame["tracks"]>[];
  /**
   * Runs lines and zones alone over tracks of one label, `object`; for tests and measurements. JSON of
   * `{events: AnalyticsEvent[], figures: AnalyticsStats}`.
   */
  analyseTracks(options: NativeAnalyseOptions): string;
  /**
   * Compiles what a backend itself runs on a GPU into files of an empty folder; `computeCapability` as in 86, by default
   * this machine's. A process that finds them by JETFLEET_KERNELS compiles none. NATIVE_LOAD without a compiler.
   */
  compileKernels(options: {
    backendPath: string;
    runtimePath: string;
    folder: string;
    computeCapability?: number | undefined;
  }): Promise<void>;
  /** Rejects with NATIVE_LOAD when the library cannot be opened. */
  describeBackend(
    options: Pick<NativeModelOptions, "backendPath" | "runtimePath">,
  ): Promise<NativeBackendInfo>;
  /** Opens a model and describes it, for checks before it is put to work. */
  inspectModel(
    options: Pick<NativeModelOptions, "path" | "backendPath" | "runtimePath">,
  ): Promise<NativeModelInfo>;
  /** Detects in one picture of packed RGB bytes (height × width × 3), through letterbox, decode and NMS. */
  detectImage(
    model: NativeModelOptions,
    image: { rgb: Uint8Array; width: number; height: number },
  ): Promise<DetectedFrame["detections"]>;
  /** What tells one thing from another: the answer of a model of decoder `reid` to one picture, of length 1. */
  embedImage(
    model: NativeModelOptions,
    image: { rgb: Uint8Array; width: number; height: number },
  ): Promise<Float32Array>;
}
