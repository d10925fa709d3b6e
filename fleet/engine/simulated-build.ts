import { z } from "zod";
import { parseJson } from "../release/index.ts";

/** Stands on simulated boards alone, and there only while builds are to be slow. */
export const SIMULATED_BUILD_FILE = "/etc/jetfleet-simulated-build.json";

/**
 * How long a build is made to last on a simulated board. The processor below it is done in a second or two where the
 * silicon that is played takes minutes, and nobody could watch, call off or cut what is over at once.
 */
export const SimulatedBuild = z.strictObject({
  /** At least; a build that really takes longer does. */
  seconds: z.number().positive().max(86_400),
});
export type SimulatedBuild = z.infer<typeof SimulatedBuild>;

/** What such a file says; null where there is none, or it says something else. */
export function readSimulatedBuild(text: string | null): SimulatedBuild | null {
  return text === null ? null : (SimulatedBuild.safeParse(parseJson(text)).data ?? null);
}
