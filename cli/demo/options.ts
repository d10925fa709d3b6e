import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { ENOUGH_FRAMES } from "./truth-text.ts";

/** What `npm run demo -- …` was asked for. */
export const DemoOptions = z.object({
  once: z.boolean().default(false),
  update: z.boolean().default(false),
  rollback: z.boolean().default(false),
  json: z.boolean().default(false),
  down: z.boolean().default(false),
  purge: z.boolean().default(false),
  frames: z.number().int().positive().default(ENOUGH_FRAMES),
  source: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  labels: z.string().min(1).optional(),
});
export type DemoOptions = z.infer<typeof DemoOptions>;

/** Of a command line. */
export function framesOf(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a number from 1 to 99999");
}

/** Throws USAGE for options that say nothing together. */
export function checkOptions(options: DemoOptions): void {
  const { update, rollback, down, purge, once, json, model } = options;
  const wrong: [boolean, string][] = [
    [purge && !down, "Expected --purge together with --down"],
    [update && rollback, "Expected --update or --rollback but got both"],
    [down && (update || rollback || once || json), "Expected --down alone, or with --purge"],
    [
      (update || rollback) && model !== undefined,
      "Expected --model without --update or --rollback",
    ],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found) throw new FleetError("USAGE", found[1]);
}
