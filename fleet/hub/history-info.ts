import { z } from "zod";
import { EpochMs, Name } from "../spec/index.ts";
import { OpenData, Text } from "../text/index.ts";

/** What the hub's history answers over HTTP; paths and parameters stand in `http/routes/history.ts`. */

/** One kept event: a device's, or one that the hub itself noted of a device or of itself. */
export const KeptEvent = z.object({
  /** Order of arrival; grows for ever, and is the cursor of pages. */
  id: z.number().int().positive(),
  device: Name.nullable(),
  source: z.enum(["device", "hub"]),
  /** When it happened: the device's clock where that can be believed, else the arrival. */
  timeMs: EpochMs,
  receivedAtMs: EpochMs,
  /** Where it stands in the device's chains; null: of a nameless chain, or the hub's own. */
  chain: z.string().nullable(),
  seq: z.number().int().positive().nullable(),
  /** Exact text: a FleetEvent of a device, a HubEvent of the hub. */
  text: z.string(),
});
export type KeptEvent = z.infer<typeof KeptEvent>;

/** What the hub notes. It is no part of a device's chain. */
export const HubEvent = z.object({
  kind: Text,
  message: Text,
  pipeline: Name.optional(),
  data: OpenData.optional(),
});
export type HubEvent = z.infer<typeof HubEvent>;

/** `GET /history/events`. Pages of the newest come newest first, those behind `after` oldest first. */
export const EventPage = z.object({
  events: z.array(KeptEvent),
  /** `after` for whoever wants what comes next: the newest event of all, wanted or not. */
  newestId: z.number().int().nonnegative(),
  /** Whether there is more in the direction of the page. */
  more: z.boolean(),
});
export type EventPage = z.infer<typeof EventPage>;

/** Means over `stepMs`; null where nothing was measured. `samples`: seconds of figures that are in it. */
export const BoardPoint = z.object({
  atMs: EpochMs,
  samples: z.number().int().nonnegative(),
  cpuPercent: z.number().nullable(),
  gpuPercent: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  diskFreeBytes: z.number().nullable(),
  /** The hottest sensor's highest. */
  hottestCelsius: z.number().nullable(),
});
export type BoardPoint = z.infer<typeof BoardPoint>;

export const PipelinePoint = z.object({
  atMs: EpochMs,
  samples: z.number().int().nonnegative(),
  fps: z.number(),
  /** Of the worst second. */
  fpsMin: z.number(),
  latencyP50Ms: z.number().nullable(),
  /** Of the worst second. */
  latencyP95Ms: z.number().nullable(),
  /** Frames that stages dropped, summed. */
  drops: z.number().int().nonnegative(),
});
export type PipelinePoint = z.infer<typeof PipelinePoint>;

/** `GET /history/figures`. A step without a point is one without any figures: the device was away, or the hub. */
export const FigurePage = z.object({
  device: Name,
  sinceMs: EpochMs,
  untilMs: EpochMs,
  stepMs: z.number().int().positive(),
  board: z.array(BoardPoint),
  pipelines: z.record(Name, z.array(PipelinePoint)),
});
export type FigurePage = z.infer<typeof FigurePage>;

const Range = z.object({ firstSeq: z.number(), lastSeq: z.number() });

/** One chain of a device, as far as it arrived. */
export const KeptChain = z.object({
  device: Name,
  chain: z.string().nullable(),
  anchor: z.object({
    seq: z.number().int().nonnegative(),
    hash: z.string().nullable(),
    reason: z.enum(["start", "unseen", "bound"]),
  }),
  last: z.object({ seq: z.number().int().positive(), hash: z.string() }),
  missing: z.array(Range),
  breaks: z.record(z.string(), z.number().int().positive()),
});
export type KeptChain = z.infer<typeof KeptChain>;

/** `GET /history/chains`. */
export const ChainPage = z.object({
  chains: z.array(KeptChain),
  /** Per device: what is kept, and what was let go because it was too much. */
  devices: z.array(
    z.object({
      device: Name,
      events: z.number().int().nonnegative(),
      bytes: z.number().int().nonnegative(),
      droppedEvents: z.number().int().nonnegative(),
    }),
  ),
});
export type ChainPage = z.infer<typeof ChainPage>;
