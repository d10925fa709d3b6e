import { z } from "zod";

/** Distribution over the last reporting interval, in milliseconds; null when nothing was measured. */
export const Percentiles = z.object({
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
});
export type Percentiles = z.infer<typeof Percentiles>;
