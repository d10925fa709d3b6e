import { rm } from "node:fs/promises";
import { endPart, ensureRunning, type Part, type Running } from "./background.ts";
import { type TruthReady, truthPart } from "./parts.ts";
import type { DemoPaths } from "./state.ts";

/** Starts the truth keeper; anew when the camera is new, whose frames count from 0 again. */
export async function ensureTruthKeeper(
  paths: DemoPaths,
  hubUrl: string,
  cameraIsNew: boolean,
  signal: AbortSignal,
): Promise<{ part: Part<TruthReady>; running: Running<TruthReady> }> {
  const part = truthPart(paths, hubUrl);
  if (cameraIsNew) await endTruthKeeper(paths);
  return { part, running: await ensureRunning(part, signal) };
}

/** Ends the keeper and removes its report: figures of a camera that is gone are nobody's. */
export async function endTruthKeeper(
  paths: DemoPaths,
): Promise<"not-running" | "ended" | "killed"> {
  // Which hub it listened to does not matter for ending it.
  const outcome = await endPart(truthPart(paths, ""));
  await rm(paths.truthFile, { force: true });
  return outcome;
}
