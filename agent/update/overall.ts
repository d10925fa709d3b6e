import type { Reported } from "../../fleet/contract/index.ts";
import { type DeviceState, generationOf } from "./device-state.ts";

type Overall = Pick<Reported["update"], "state" | "sinceMs">;

/** In the order of the procedure: the device is as far as its pipeline that is least far. */
const UNDER_WAY = [
  "fetching",
  "verifying",
  "building",
  "testing",
  "swapping",
  "watching",
  "rolling-back",
] as const;

/**
 * One word for the device, from the updates of its pipelines. `rolled-back`: what was last asked for was undone as a
 * whole. `partly-applied`: some of it is in force, and the pipelines that are not up to date say why.
 */
export function overallUpdate(state: DeviceState): Overall {
  const { pipelines, removedIn } = state;
  const updates = Object.values(pipelines).map(({ update }) => update);
  const sinceMs = Math.max(0, ...updates.map((update) => update.sinceMs));
  for (const state of UNDER_WAY) {
    const since = updates.filter((update) => update.state === state).map((one) => one.sinceMs);
    if (since.length > 0) return { state, sinceMs: Math.min(...since) };
  }
  const undone = updates.flatMap((one) =>
    one.state === "rolled-back" ? one.target.generation : [],
  );
  if (undone.length > 0) {
    const applied = updates.flatMap((one) => (one.state === "committed" ? one.generation : []));
    const isPartly = Math.max(removedIn, ...applied) >= Math.min(...undone);
    return { state: isPartly ? "partly-applied" : "rolled-back", sinceMs };
  }
  return { state: generationOf(state) === 0 ? "idle" : "committed", sinceMs };
}
