import { z } from "zod";
import type { BudgetSpec } from "../../spec/index.ts";
import { type Figures, type HeardSecond, WINDOW_MS } from "./history.ts";

export const BudgetVerdict = z.enum(["met", "missed", "recovering", "unknown"]).meta({
  description:
    "recovering: met again, but not for ten seconds yet; unknown: nothing is measured that could tell.",
});
export type BudgetVerdict = z.infer<typeof BudgetVerdict>;

/** Whether figures break a limit; null when they cannot tell. */
export type Breach = (figures: Figures) => boolean | null;

/**
 * The verdict over the last window. What was missed stays so until every window of ten seconds has met it again: a
 * pipeline at its limit does not come and go. Only whole windows have that power; a shorter one speaks for itself.
 */
export function verdictOf(seconds: readonly HeardSecond[], breaks: Breach): BudgetVerdict {
  const now = seconds.at(-1);
  const broken = now ? breaks(now.window) : null;
  if (broken === null) return "unknown";
  if (broken) return "missed";
  return brokeLately(seconds, breaks) ? "recovering" : "met";
}

function brokeLately(seconds: readonly HeardSecond[], breaks: Breach): boolean {
  const since = (seconds.at(-1)?.atMs ?? 0) - WINDOW_MS;
  return seconds.some(
    ({ atMs, window }) => atMs > since && window.overMs >= WINDOW_MS && breaks(window) === true,
  );
}

/** A count of frames is right to one frame, so it must be more than that below the limit. */
export function breaksFps({ minFps }: BudgetSpec) {
  return ({ fps, overMs }: Pick<Figures, "fps" | "overMs">): boolean => {
    const oneFrame = 1000 / Math.max(1000, overMs);
    return minFps !== undefined && fps + oneFrame < minFps;
  };
}

/**
 * Latency from arrival is only a part of that from capture: it can break the limit, but not prove that it is met. One
 * below zero is none: older agents took it from a camera's clock that is not theirs.
 */
export function breaksLatency({ latencyP95Ms: limit }: BudgetSpec): Breach {
  return ({ latencyP95Ms, latencyFrom }) => {
    if (limit === undefined || latencyP95Ms === null || latencyP95Ms < 0) return null;
    if (latencyP95Ms > limit) return true;
    return latencyFrom === "capture" ? false : null;
  };
}
