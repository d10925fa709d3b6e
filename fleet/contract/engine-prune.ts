import { z } from "zod";
import { Digest, EpochMs } from "../spec/index.ts";
import { Count } from "./part-ref.ts";

/** As many as a report lists (MAX_ENGINES). */
const MAX_PRUNED = 64;

/**
 * Engines that a device is to remove, once. The online key may say so: a hub may have pipelines stop, and what goes here
 * can be built again; what a pipeline runs is never removed, whoever asks.
 */
export const EnginePrune = z.strictObject({
  /** Grows with every order; a device follows one that is above the last. */
  number: Count.min(1),
  /** Digests of their keys. */
  keys: z.array(Digest).min(1).max(MAX_PRUNED),
});
export type EnginePrune = z.infer<typeof EnginePrune>;

/** What became of an order; its keys are counted once each. */
export const EnginePruned = z.object({
  number: Count,
  atMs: EpochMs,
  removed: Count,
  removedBytes: Count,
  /** Those that stay: a pipeline runs the model, is about to, or is to go back to it. */
  inUse: Count,
  /** Those that the device did not have any more. */
  absent: Count,
});
export type EnginePruned = z.infer<typeof EnginePruned>;
