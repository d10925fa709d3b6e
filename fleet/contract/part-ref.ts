import { z } from "zod";
import { Digest } from "../spec/index.ts";

/** Far above what a fleet can use, and far below where whole numbers end. */
const MAX_NUMBER = 2 ** 40;

export const Count = z.number().int().nonnegative().max(MAX_NUMBER);

/**
 * A number that only grows: by `n`, and by `epoch` before it. The fleet's root begins an epoch, in which `n` starts
 * anew; so a number that was driven too high by a lost key is not the end.
 */
export const PartNumber = z
  .strictObject({
    epoch: Count.meta({ description: "Raised when numbers begin anew." }),
    n: Count.min(1).meta({ description: "Grows with each version." }),
  })
  .meta({ title: "PartNumber", description: "A number that only grows." });
export type PartNumber = z.infer<typeof PartNumber>;

/** Which part: its content and its place in the order of versions. */
export const PartRef = z
  .object({ digest: Digest, number: PartNumber })
  .meta({ title: "PartRef", description: "A signed part, by content and number." });
export type PartRef = z.infer<typeof PartRef>;
