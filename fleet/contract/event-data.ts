import { z } from "zod";
import { Digest, Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { UpdateState } from "./reported.ts";
import { DroppedRange, MAX_DROPPED_RANGES } from "./telemetry.ts";

/** Kind of the first event of every chain. */
export const JOURNAL_STARTED = "journal-started";
export const JournalStartedData = z.object({
  /** `lost`: there was a journal that could not be read; `upgraded`: the one before had no name. */
  reason: z.enum(["new", "lost", "upgraded"]).catch("new"),
});
export type JournalStartedData = z.infer<typeof JournalStartedData>;

/** `data` of events of kind `journal-dropped`. */
export const JOURNAL_DROPPED = "journal-dropped";
export const JournalDroppedData = z.object({
  ranges: z.array(DroppedRange).max(MAX_DROPPED_RANGES),
  /** Events that could not even be written, as on a full disk; they have no numbers. */
  unwritten: z.number().int().nonnegative(),
});
export type JournalDroppedData = z.infer<typeof JournalDroppedData>;

/** `data` of events of kind `update`: one for each change of the update's state. */
export const UpdateEventData = z.object({
  generation: z.number().int().positive(),
  setDigest: Digest,
  /** The state that begins. */
  state: UpdateState,
  /** The state that ended, and how long it took; both absent when an update begins. */
  from: UpdateState.optional(),
  tookMs: z.number().nonnegative().optional(),
  /** Received over the network in state `fetching`, when that is the one that ended. */
  bytes: z.number().int().nonnegative().optional(),
});
export type UpdateEventData = z.infer<typeof UpdateEventData>;

const frameNumber = z.number().int().nonnegative().nullable();

/** `data` of events of kind `model-swapped`. Numbers are null when the source did not play at the swap. */
export const ModelSwappedData = z.object({
  pipeline: Text,
  fromDigest: Digest,
  toDigest: Digest,
  /** `in-turn`: the former one was let go of first, for want of memory, and no frame was looked at between. */
  way: z.enum(["beside", "in-turn"]).default("beside"),
  /** What counts the frames: numbers that travelled with the pictures, or the order in which they arrived. */
  countedBy: z.enum(["source", "index"]),
  /** First frame of the new model and last one of the former. */
  firstFrame: frameNumber,
  lastFrame: frameNumber,
  /** Between the results of these two. */
  gapMs: z.number().nonnegative().nullable(),
  /** Frame numbers missing between these two. */
  framesLost: frameNumber,
  /** How long the new model took to load and for its first run, while the former one was at work. */
  loadMs: z.number().nonnegative(),
  warmMs: z.number().nonnegative(),
});
export type ModelSwappedData = z.infer<typeof ModelSwappedData>;

/** `data` of events of kind `sources-changed`: sources came and went while the others played. */
export const SourcesChangedData = z.object({
  pipeline: Text,
  /** By name; one that is in both was opened in another way. */
  added: z.array(Name),
  removed: z.array(Name),
  /** All that it has now. */
  sources: z.array(Name),
});
export type SourcesChangedData = z.infer<typeof SourcesChangedData>;
