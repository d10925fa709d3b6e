import { z } from "zod";

/** What `npm run demo -- …` was asked for. */
export const DemoOptions = z.object({
  once: z.boolean().default(false),
  down: z.boolean().default(false),
  purge: z.boolean().default(false),
  source: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  labels: z.string().min(1).optional(),
});
export type DemoOptions = z.infer<typeof DemoOptions>;
