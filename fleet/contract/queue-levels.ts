import { z } from "zod";

/** What waits in a bounded queue: now, at most over the last interval, and how much may. */
export const QueueLevels = z.object({
  level: z.number().int().nonnegative(),
  max: z.number().int().nonnegative(),
  capacity: z.number().int().nonnegative(),
});
export type QueueLevels = z.infer<typeof QueueLevels>;
