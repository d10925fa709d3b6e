import { z } from "zod";
import { BoardName, Digest, EpochMs, Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { EnginePruned } from "./engine-prune.ts";
import { Count, PartNumber, PartRef } from "./part-ref.ts";
import { ChainId, DroppedRange, MAX_DROPPED_RANGES, SourceState } from "./telemetry.ts";

/** An error as it travels: same fields as FleetError. */
export const ReportedError = z.object({
  code: Text,
  message: Text.max(2000),
  hint: Text.max(500),
  atMs: EpochMs,
});
export type ReportedError = z.infer<typeof ReportedError>;

/** What the agent found out about its board. */
/** The card of a PC as its installer found it, where it was enrolled from its own side. */
export const CardFound = z.object({
  driver: Text.max(64).nullable(),
  cuda: Text.max(64).nullable().meta({ description: "The newest that the driver runs." }),
  tensorrt: Text.max(64).nullable(),
  tensorrtRtx: Text.max(64).nullable(),
  findings: z.array(Text.max(600)).max(8).meta({ description: "What is not as models want it." }),
});
export type CardFound = z.infer<typeof CardFound>;

export const BoardFacts = z.object({
  board: BoardName.or(z.literal("unknown")),
  /** /proc/device-tree/model as it stands. */
  model: Text,
  jetpack: Text.nullable(),
  l4t: Text.nullable(),
  powerMode: Text.nullable(),
  /** Absent from older agents, here and below. */
  clocks: Text.nullable().optional().meta({
    description: "max: they stand at the top of the power mode; dynamic: they follow the load.",
  }),
  fanProfile: Text.nullable().optional(),
  /** Absent of boards that are not enrolled PCs, too. */
  card: CardFound.optional(),
  /** Facts come from a simulated board. Every screen that shows the device says so. */
  simulated: z.boolean(),
  machine: Text.meta({ description: "`uname -m` of what really executes." }),
  node: Text,
});
export type BoardFacts = z.infer<typeof BoardFacts>;

export const PipelineState = z.enum(["starting", "running", "failed", "stopped", "unknown"]);
export type PipelineState = z.infer<typeof PipelineState>;

/** Where a pipeline's model is executed. */
export const RunsOn = z.object({
  backend: Text.max(64).meta({ description: "Inference library, as in native/backends." }),
  accelerator: Text.max(64).meta({
    description: "gpu, dla0, dla1, split, or cpu on the reference backend.",
  }),
  precision: Text.max(64).optional().meta({
    description: "Of the engine; absent where the model runs as it is.",
  }),
});
export type RunsOn = z.infer<typeof RunsOn>;

/** The engine that a pipeline's runner was given, whose very bytes it loads. */
export const RunningEngine = z.object({
  key: Digest.meta({ description: "Of all that decides whether it is of use (fleet/engine)." }),
  digest: Digest.meta({ description: "Of its bytes." }),
  sizeBytes: Count,
  builtAtMs: EpochMs,
});
export type RunningEngine = z.infer<typeof RunningEngine>;

/** One of several sources of a pipeline. */
export const ReportedSource = z.object({
  name: Name,
  /** `unknown` while it has said nothing, and for a word of a newer agent. */
  state: z.enum([...SourceState.options, "unknown"]).catch("unknown"),
  /** Null while it plays. */
  error: ReportedError.nullable(),
});
export type ReportedSource = z.infer<typeof ReportedSource>;

export const ReportedPipeline = z.object({
  name: Name,
  state: heard(PipelineState),
  sinceMs: EpochMs,
  model: z.object({ name: Name, digest: Digest }),
  /** sha256 of the pipeline's part of the desired document (`pipelineDigest`), to tell which version runs. */
  specDigest: Digest,
  /** Absent from older agents, which have the CPU backend alone. */
  runsOn: RunsOn.optional(),
  /** Absent from older agents, which run models as they are, and while none is known. */
  engine: RunningEngine.optional(),
  /** Times the runner was started again because it ended by itself or its source failed. */
  restarts: z.number().int().nonnegative(),
  /** Present where it has several: what each said last of itself. */
  sources: z.array(ReportedSource).max(16).optional(),
  /** Also of a pipeline that is running: what one of several sources complains of, beginning with its name. */
  error: ReportedError.nullable(),
});
export type ReportedPipeline = z.infer<typeof ReportedPipeline>;

/** Update states of DESIGN §5 that a device as a whole and each of its pipelines go through. */
const UPDATE_STATES = [
  "fetching",
  "verifying",
  "building",
  "testing",
  "swapping",
  "watching",
  "committed",
  "rolling-back",
  /** Undone; said of a device, as a whole. */
  "rolled-back",
] as const;

/**
 * `partly-applied`: some pipelines have their new version; the others say why not. `unknown` stands for a word of a
 * newer agent, here and below.
 */
export const UpdateState = z.enum(["idle", ...UPDATE_STATES, "partly-applied", "unknown"]);
export type UpdateState = z.infer<typeof UpdateState>;

/** The device's own word for the end of its chain, by the key of its certificate. */
export const HeadSignature = z.object({
  /** By the device's clock. */
  atMs: EpochMs,
  /** PEM, of the fleet's CA for this device. */
  certificate: Text.max(10_000),
  /** ECDSA with SHA-256 over `headText` (fleet/journal), DER in base64. */
  signature: z.base64().max(200),
});
export type HeadSignature = z.infer<typeof HeadSignature>;

/** The end of the device's chain of events (fleet/journal), so that a copy elsewhere can be checked against it. */
export const JournalHead = z.object({
  chain: ChainId,
  /** Of the newest event. */
  seq: z.number().int().nonnegative(),
  /** sha256 of its text; null while there is none. */
  hash: Text.max(64).nullable(),
  /** All up to this one were acknowledged by the broker or dropped. */
  settledSeq: z.number().int().nonnegative(),
  /** Dropped, in an event that declares it and is not acknowledged yet. */
  dropped: z.array(DroppedRange).max(MAX_DROPPED_RANGES).optional(),
  /** Absent from older agents. */
  signed: HeadSignature.optional(),
});
export type JournalHead = z.infer<typeof JournalHead>;

/**
 * How far one pipeline is with the part that is wanted of it. `refused`: the part was not accepted and the pipeline
 * stays as it is. `removing`: no part is wanted, and the pipeline is to stop.
 */
export const PipelineUpdateState = z.enum([
  "waiting",
  ...UPDATE_STATES,
  "refused",
  "removing",
  "unknown",
]);
export type PipelineUpdateState = z.infer<typeof PipelineUpdateState>;

/** As many as a device tells of, the newest; more of them would not make a report more useful. */
export const MAX_ENGINES = 64;

/** An engine that a device keeps, or a model of which it can make none. */
export const KeptEngine = z.object({
  key: Digest.meta({ description: "Of all that decides whether it is of use (fleet/engine)." }),
  model: Digest,
  accelerator: Text.max(64),
  outcome: heard(z.enum(["built", "unbuildable", "unknown"])),
  /** When the build ended, and how long it took; waiting does not count. */
  atMs: EpochMs,
  seconds: z.number().nonnegative(),
  /** Of one that was built. */
  digest: Digest.optional(),
  sizeBytes: Count.optional(),
  origin: Text.max(64).optional().meta({
    description: "built-here: by this very device; fetched: by the one that attests it.",
  }),
  /** Who built it by its own signed word, and when. */
  attestation: z.object({ device: Name, atMs: EpochMs }).optional(),
  /** What it found in the golden pictures on this device; absent where it was not tried. */
  selfTest: z
    .object({
      candidates: Count,
      /** How near that is to what its model finds; null: the model could not be run, or is no measure. */
      mostScoreOff: z.number().nullable(),
      leastIou: z.number().nullable(),
    })
    .optional(),
  /** A pipeline runs its model, is about to, or is to go back to it. */
  inUse: z.boolean(),
  current: z.boolean().optional().meta({
    description:
      "The device would use it now: library, processor and options are still those of the key.",
  }),
  /** Why none can be made. */
  error: ReportedError.optional(),
});
export type KeptEngine = z.infer<typeof KeptEngine>;

/** An engine that is being built for a pipeline, in state `building`. */
export const EngineBuild = z.object({
  model: Name,
  modelDigest: Digest,
  accelerator: Text.max(64),
  phase: Text.max(200).meta({ description: "What is being done, in the builder's words." }),
  progress: z.number().min(0).max(1),
  elapsedMs: Count.meta({ description: "That the builder worked so far; waiting does not count." }),
  expectedMs: z.object({ low: Count, high: Count }).optional().meta({
    description: "That the builder works in all, by the device's own former builds.",
  }),
  simulatedMs: Count.optional().meta({
    description: "On a simulated board: how long the build is made to last, at least.",
  }),
  waitsFor: ReportedError.nullable().meta({
    description: "What the build waits for, such as a board that is too hot; null: it goes on.",
  }),
});
export type EngineBuild = z.infer<typeof EngineBuild>;

/** One for each pipeline that is wanted or is being removed, whether or not anything of it runs yet. */
export const PipelineUpdate = z.object({
  pipeline: Name,
  /** The part that is wanted; null for one of a document of the former version, and when it is being removed. */
  part: PartRef.nullable(),
  /** Highest number of a part of this pipeline that the device remembers; null when it never accepted one. */
  remembered: PartNumber.nullable(),
  state: heard(PipelineUpdateState),
  sinceMs: EpochMs,
  /** Bytes fetched and to fetch in state `fetching`. */
  fetchedBytes: z.number().int().nonnegative().optional(),
  totalBytes: z.number().int().nonnegative().optional(),
  /** In state `building`, once it has begun. */
  build: EngineBuild.optional(),
  /** What is in the way of this pipeline; that of a neighbour stands at the neighbour. */
  error: ReportedError.nullable(),
});
export type PipelineUpdate = z.infer<typeof PipelineUpdate>;

export const Reported = z.object({
  contract: z.number().int().positive(),
  /** Versions of `desired` that the agent reads; absent from agents of contract 1, which read that one. */
  reads: z.array(z.number().int().positive()).optional(),
  device: Name,
  agentVersion: Text,
  bootId: Text,
  atMs: EpochMs,
  /** Generation of the last desired document that was accepted; 0 when none ever was. */
  generation: z.number().int().nonnegative(),
  /** Roles that the device remembers; absent when none, as before its first composition. */
  roles: z.object({ epoch: Count, number: Count, digest: Digest.optional() }).optional(),
  /** Set while the device has no memory of what it accepted: it takes only a composition that answers this. */
  asks: Text.max(64).optional(),
  /** The device as a whole. */
  update: z.object({
    state: heard(UpdateState),
    sinceMs: EpochMs,
    /** Bytes fetched and to fetch in state `fetching`. */
    fetchedBytes: z.number().int().nonnegative().optional(),
    totalBytes: z.number().int().nonnegative().optional(),
  }),
  /** Each pipeline by itself; absent from agents of contract 1. */
  updates: z.array(PipelineUpdate).optional(),
  setDigest: Digest.nullable(),
  /** By which it judges the scopes of parts; absent from older agents. */
  labels: z.record(Text.max(63), Text.max(63)).optional(),
  board: BoardFacts,
  pipelines: z.array(ReportedPipeline),
  /** Newest first; absent from older agents, which have none. */
  engines: z.array(KeptEngine).max(MAX_ENGINES).optional(),
  /**
   * By accelerator, a digest of all in an engine's key that is not the model: devices of the same share engines. Absent
   * from older agents and where it is not known.
   */
  engineHosts: z.record(Text.max(64), Digest).optional(),
  /** How much room engines that nothing runs may take; absent from older agents. */
  engineQuotaBytes: Count.optional(),
  /** The last order to remove engines that was followed; null when none was. Absent from agents that know no such. */
  pruned: EnginePruned.nullable().optional(),
  /** Absent from older agents. May be some seconds older than the newest event. */
  journal: JournalHead.optional(),
  /** The last thing that went wrong on the device as a whole, such as a refused desired document. */
  error: ReportedError.nullable(),
});
export type Reported = z.infer<typeof Reported>;

/** Birth and will. `seq` grows with every connection; an older will never overrides a newer birth. */
export const Presence = z.object({
  online: z.boolean(),
  bootId: Text,
  seq: z.number().int().nonnegative(),
  atMs: EpochMs,
  /** Added by the hub: another board bears the same identity, and is kept out from this time on. */
  copy: z.object({ sinceMs: EpochMs, address: Text, ownAddress: Text }).optional(),
});
export type Presence = z.infer<typeof Presence>;

/** A word as it was heard; one that a newer version brought is `unknown`, so that a reader of telemetry goes on. */
function heard<Words extends z.ZodType<string>>(words: Words) {
  return words.or(
    z
      .string()
      .max(64)
      .transform(() => "unknown" as const),
  );
}
