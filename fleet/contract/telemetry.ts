import { z } from "zod";
import { Digest, EpochMs, Name } from "../spec/index.ts";
import { OpenData, Text } from "../text/index.ts";
import { AnalyticsStats } from "./analytics.ts";
import { Box } from "./box.ts";
import { BudgetNow } from "./budget.ts";
import { Cards } from "./cards.ts";
import { Percentiles } from "./percentiles.ts";
import { QueueLevels } from "./queue-levels.ts";
import { Attributes, SecondaryStats } from "./secondary.ts";

/**
 * One stage over the last interval. Per frame, the sum over stages of wait + work equals the total latency
 * from `arrival` within 1 ms.
 */
export const StageStats = z.object({
  name: Text,
  /**
   * What works there: cpu, cuda or vic for preprocess; for detect the accelerators, gpu+dla0 where they share frames.
   * Absent from older agents and where it is always the CPU.
   */
  engine: Text.max(64).optional(),
  /** Frames that left the stage in the interval. */
  frames: z.number().int().nonnegative(),
  waitMs: Percentiles.nullable(),
  workMs: Percentiles.nullable(),
  queue: QueueLevels,
  /** Frames dropped at the entrance of this stage in the interval and since start, because it was late. */
  drops: z.number().int().nonnegative(),
  dropsTotal: z.number().int().nonnegative(),
});
export type StageStats = z.infer<typeof StageStats>;

/** What was lost since the start of a pipeline, by place and reason. */
export const DropCount = z.object({
  /** A stage or what lies beside them: the decoder, the runner, the agent. */
  place: Text.max(64),
  reason: Text.max(64),
  /** Frames, unless place or reason names another thing. */
  total: z.number().int().nonnegative(),
});
export type DropCount = z.infer<typeof DropCount>;

/** An accelerator's part in the work of a pipeline that runs on several, since its start. */
export const LaneStats = z.object({
  accelerator: Text.max(16),
  /** What its engine was built in; absent where nobody knows. */
  precision: Text.max(16).optional(),
  framesTotal: z.number().int().nonnegative(),
  /** Frames a second that it would do if it always had work, as measured; 0 before the first. */
  speed: z.number().nonnegative(),
  /** Frames with more candidates than the accelerator keeps, of which some may have been lost. */
  overfullTotal: z.number().int().nonnegative(),
  /** Sources all of whose frames it has; none while the frames of all are divided. */
  sources: z.array(Text.max(64)).max(64),
});
export type LaneStats = z.infer<typeof LaneStats>;

export const SourceState = z.enum(["connecting", "playing", "lost", "ended"]);
export type SourceState = z.infer<typeof SourceState>;

/**
 * Why the model did not look at a frame: `interval`, it looks at every nth; `still`, the picture shows nothing new. Newer
 * agents may have others.
 */
export const SkipReason = Text.max(16);

const SourceFigures = z.object({
  state: SourceState,
  reconnects: z.number().int().nonnegative(),
  /** The element that decodes, as GStreamer names it. */
  decoder: Text.max(64).optional(),
  /** What an RTSP source really uses; absent for files. */
  transport: z.enum(["tcp", "udp"]).optional(),
  /** How far the device's clock is ahead of the camera's, by the camera's RTCP sender reports. */
  clockOffsetMs: z.number().optional(),
  /** Present where the model does not look at every frame. */
  detect: z
    .object({
      /** It looks at every so many-th. */
      interval: z.number().int().positive(),
      /** Frames since the start that it has looked at, and those that it has not, by reason. */
      detectedTotal: z.number().int().nonnegative(),
      skipped: z
        .array(z.object({ reason: SkipReason, total: z.number().int().nonnegative() }))
        .max(8),
    })
    .optional(),
});

/** What came out at the sinks over the last interval, of one source or of all. */
const OutputFigures = z.object({
  /** Frames per second. */
  fps: z.number().nonnegative(),
  framesTotal: z.number().int().nonnegative(),
  droppedTotal: z.number().int().nonnegative(),
  latencyMs: Percentiles.nullable(),
  /**
   * Where the latency begins: camera capture time when the stream carries it and the camera's clock agrees with the
   * device's, else arrival at the device.
   */
  latencyFrom: z.enum(["capture", "arrival"]),
});

/** One of several sources, over the last interval, and what its frames pass by itself. */
export const SourceStats = SourceFigures.extend({
  name: Name,
  ...OutputFigures.shape,
  /** All but the last, which frames of all sources pass together. */
  stages: z.array(StageStats).max(16),
});
export type SourceStats = z.infer<typeof SourceStats>;

export const PipelineStats = z.object({
  name: Name,
  ...OutputFigures.shape,
  /** Of several sources, for the frames of all. */
  stages: z.array(StageStats),
  /** What was lost outside the queues of the stages. Absent from older agents, which lost it silently. */
  drops: z.array(DropCount).max(64).optional(),
  /** Distinct tracks since start. */
  tracksTotal: z.number().int().nonnegative(),
  copiesPerFrame: z.number().nonnegative(),
  copiedBytesPerFrame: z.number().nonnegative(),
  /** Present where the pipeline has lines or zones. */
  analytics: AnalyticsStats.optional(),
  /** Present while something is done for the pipeline's budget, or it is exceeded and nothing can be. */
  budget: BudgetNow.optional().catch(undefined),
  /** Present where the pipeline has secondary models, in the order of their names. */
  secondary: z.array(SecondaryStats).max(16).optional(),
  /** Present where several accelerators share the work. */
  lanes: z.array(LaneStats).max(16).optional(),
  /** Of several, the first that neither plays nor has ended, else one that plays. */
  source: SourceFigures.extend({
    /** Name of the source in the pipeline. Absent from older agents. */
    name: Name.optional(),
  }),
  /** Present where a pipeline has several. */
  sources: z.array(SourceStats).max(16).optional(),
  /** Present with `sources`, and where the model looks at several parts of a picture: how they share the model's runs. */
  batch: z
    .object({
      /** Pictures, or parts of them, that one run holds at most. */
      most: z.number().int().positive(),
      /** Why each goes into a run of its own although the model takes several; absent where it need not. */
      why: Text.max(500).optional(),
    })
    .optional(),
});
export type PipelineStats = z.infer<typeof PipelineStats>;

/**
 * Board figures; null where the board has no such sensor or does not tell. Of a PC, `gpuPercent` is its first card's, and
 * temperatures and powers have its cards' beside its own.
 */
export const BoardStats = z.object({
  cpuPercent: z.number().nullable(),
  gpuPercent: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  memoryTotalBytes: z.number().nullable(),
  diskFreeBytes: z.number().nullable(),
  temperaturesCelsius: z.record(Text, z.number()),
  powerMilliwatts: z.record(Text, z.number()),
  /** Of PCs whose agent looks at their cards. */
  cards: Cards.optional(),
});
export type BoardStats = z.infer<typeof BoardStats>;

export const Stats = z.object({
  atMs: EpochMs,
  seq: z.number().int().nonnegative(),
  board: BoardStats,
  pipelines: z.array(PipelineStats),
});
export type Stats = z.infer<typeof Stats>;

export const Detection = z.object({
  label: Text,
  score: z.number().min(0).max(1),
  box: Box,
});
export type Detection = z.infer<typeof Detection>;

export const TrackedObject = Detection.extend({
  trackId: z.number().int().positive(),
  /** Present where a secondary model has said something of it. */
  attributes: Attributes.optional().catch(undefined),
});
export type TrackedObject = z.infer<typeof TrackedObject>;

export const DetectedFrame = z.object({
  /** Name of the source in the pipeline. Absent from older agents. */
  source: Name.optional(),
  /** Number that travelled with the picture (SEI); null when the stream carries none. */
  sourceFrame: z.number().int().nonnegative().nullable(),
  /** Frames of this source since the pipeline's start, from 0. */
  index: z.number().int().nonnegative(),
  /** Presentation time in the stream, milliseconds from its start. */
  ptsMs: z.number(),
  /** Capture time by the camera's clock when the stream carries it, else null. */
  capturedAtMs: z.number().nullable(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /**
   * Why the model did not look at this frame; absent where it did. `detections` are empty then, which says nothing of
   * the picture, and `tracks` are where the tracker expects what it saw last.
   */
  skipped: SkipReason.optional(),
  /** What the detector said, before the tracker. */
  detections: z.array(Detection),
  /** What the tracker says; absent when the pipeline has none. */
  tracks: z.array(TrackedObject).optional(),
});
export type DetectedFrame = z.infer<typeof DetectedFrame>;

/** Frames leave the device in batches; `seq` has a gap where batches were lost on the way. */
export const Detections = z.object({
  pipeline: Name,
  seq: z.number().int().nonnegative(),
  modelDigest: Digest,
  frames: z.array(DetectedFrame),
});
export type Detections = z.infer<typeof Detections>;

/** An event's text is at most this long; a device leaves out `data` that would make it longer. */
export const MAX_EVENT_BYTES = 16 << 10;

/** Names one chain of events: a device that has lost its memory begins another. */
export const ChainId = z.string().regex(/^[0-9a-f]{16}$/);

/** Events that the device gave up before a broker acknowledged them; some may have arrived all the same. */
export const DroppedRange = z
  .object({
    firstSeq: z.number().int().positive(),
    lastSeq: z.number().int().positive(),
    /** How many of the range were dropped; fewer than its length where ranges were joined. */
    count: z.number().int().positive(),
    /** Hash of the event before the first dropped one, so that it can still be checked. */
    previous: Text.nullable(),
  })
  .refine(({ firstSeq, lastSeq, count }) => count <= lastSeq - firstSeq + 1);
export type DroppedRange = z.infer<typeof DroppedRange>;

export const MAX_DROPPED_RANGES = 16;

/**
 * Something that happened once: update transitions, sources lost and found, runner restarts. The events of a device
 * are a chain over their exact JSON texts (fleet/journal): a receiver hashes the bytes it got, never what it parsed.
 */
export const FleetEvent = z.object({
  /** Absent from older agents, whose events are one chain without a name. */
  chain: ChainId.optional(),
  /** Within the chain, from 1, without a hole; a number that never arrives was dropped, which a later event declares. */
  seq: z.number().int().positive(),
  /** By the device's clock, which may be wrong. */
  atMs: EpochMs,
  kind: Text.max(64),
  pipeline: Name.optional(),
  message: Text.max(2000),
  data: OpenData.optional(),
  /** sha256 of the previous event's JSON text (hash chain); null for the first. */
  previous: Text.max(64).nullable(),
});
export type FleetEvent = z.infer<typeof FleetEvent>;
