import { z } from "zod";
import { Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { Percentiles } from "./percentiles.ts";
import { QueueLevels } from "./queue-levels.ts";

/** What a secondary model says of a tracked object. */
export const Attribute = z.union([
  /** Of a classifier, in every frame from its answer on. */
  z.object({ label: Text, score: z.number().min(0).max(1) }),
  /**
   * Of re-identification, in the frame in which it is new: little-endian float32 in base64, together of length 1, so
   * that the scalar product of two is their likeness. A frame that is dropped behind the tracker takes it along.
   */
  z.object({ vector: z.base64().max(64 << 10) }),
]);
export type Attribute = z.infer<typeof Attribute>;

/** By name of the secondary model; what nothing is known of, or not enough, has no key. */
export const Attributes = z.record(Name, Attribute);
export type Attributes = z.infer<typeof Attributes>;

/** A secondary model at work. Crops: parts of pictures, each with one tracked object. */
export const SecondaryStats = z.object({
  name: Name,
  /** As frames name the main model: by its digest. */
  model: Text.max(500),
  /** Crops answered over the last interval, and since the start. */
  looked: z.number().int().nonnegative(),
  lookedTotal: z.number().int().nonnegative(),
  /** Crops of live sources that found no place in the queue; their objects are looked at with a later frame. */
  droppedTotal: z.number().int().nonnegative(),
  /** Runs of the model since the start. */
  runsTotal: z.number().int().nonnegative(),
  /** Of a crop over the last interval, from when it was cut out until its run began. */
  waitMs: Percentiles.nullable(),
  /** Of the run that it was in. */
  workMs: Percentiles.nullable(),
  queue: QueueLevels,
  batch: z.object({
    /** Crops that one run holds at most. */
    most: z.number().int().positive(),
    /** Why each goes into a run of its own; absent where it need not. */
    why: Text.max(500).optional(),
  }),
});
export type SecondaryStats = z.infer<typeof SecondaryStats>;
