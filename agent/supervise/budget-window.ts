import type { BudgetLimit } from "../../fleet/contract/index.ts";
import type { BudgetSpec } from "../../fleet/spec/index.ts";

/** What a pipeline did in a second. Null is never good: it is not known. */
export interface BudgetSecond {
  /** Frames that came out. */
  fps: number;
  /** No source is lost, or still connecting. */
  allPlay: boolean;
  /** Frames that its sources sent; null of files, which wait. */
  sentFps: number | null;
  /** Null: no frame came out. */
  p95Ms: number | null;
  /** Frames that were lost because something was late. */
  lost: number;
  /** Frames wait for the model: less work for it would help. */
  waits: boolean;
}

/** A limit and what was measured over a window. */
export interface Held {
  limit: BudgetLimit;
  measured: number;
  wanted: number;
}

/**
 * Which limits a window of seconds breaks: the mean rate, which is right to one frame, and the median second's p95, as
 * fleet/view judges them. Where one second is not known, the window cannot tell.
 */
export function exceededIn(seconds: readonly BudgetSecond[], budget: BudgetSpec): Held[] {
  const { minFps, latencyP95Ms } = budget;
  const p95 = medianOf(seconds.map(({ p95Ms }) => p95Ms));
  const fps = meanOf(seconds.map((second) => second.fps));
  if (seconds.length === 0) return [];
  return [
    ...(latencyP95Ms !== undefined && p95 !== null && p95 > latencyP95Ms
      ? [{ limit: "latencyP95Ms" as const, measured: p95, wanted: latencyP95Ms }]
      : []),
    ...(minFps !== undefined && fps !== null && fps + 1 / seconds.length < minFps
      ? [{ limit: "minFps" as const, measured: fps, wanted: minFps }]
      : []),
  ];
}

/** Null when one of them is, and of none. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length || known.length === 0) return null;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The higher of the middle two. Null as `meanOf`. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length < values.length ? null : (known[Math.floor(known.length / 2)] ?? null);
}

export function isMost(seconds: readonly BudgetSecond[], test: (second: BudgetSecond) => boolean) {
  return seconds.filter(test).length * 2 > seconds.length;
}
