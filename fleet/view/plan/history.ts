import type { PipelineStats, Reported, Stats } from "../../contract/index.ts";

/**
 * Figures of one second count a frame more or less and catch every hiccup. Ten of them tell the rate to a tenth of a
 * frame, and nobody waits long for a verdict.
 */
export const WINDOW_MS = 10_000;
/** Figures come once a second; older ones are not shown as if they were now. */
export const STATS_FRESH_MS = 5000;

/** What is kept of one second. */
export interface Second {
  atMs: number;
  modelDigest: string | null;
  fps: number;
  /** Medians of their second. */
  inferenceMs: number | null;
  latencyP50Ms: number | null;
  latencyP95Ms: number | null;
  latencyFrom: PipelineStats["latencyFrom"];
  /** Frames that a stage dropped because it was late. */
  drops: number;
}

/** Figures over a window: the mean rate and the median second's times. */
export interface Figures extends Omit<Second, "atMs" | "modelDigest"> {
  /** How long was listened for them, at most WINDOW_MS. */
  overMs: number;
}

/** A second with the figures of the window that ends with it: worked out once, and looked at many times. */
export interface HeardSecond extends Second {
  window: Figures;
}

/** By pipeline, oldest first: of one model and without a gap, two windows and the second before them. */
export type History = ReadonlyMap<string, readonly HeardSecond[]>;

/** The history after one more message of figures; a pipeline that is not in it or has no video begins anew. */
export function withStats(
  history: History,
  stats: Stats,
  reported: Reported | undefined,
  atMs: number,
): History {
  const playing = stats.pipelines.filter(({ source }) => source.state === "playing");
  return new Map(
    playing.map((pipeline) => {
      const model = reported?.pipelines.find(({ name }) => name === pipeline.name)?.model;
      const second = secondOf(pipeline, model?.digest ?? null, atMs);
      return [pipeline.name, append(history.get(pipeline.name) ?? [], second)];
    }),
  );
}

function secondOf(stats: PipelineStats, modelDigest: string | null, atMs: number): Second {
  return {
    atMs,
    modelDigest,
    fps: stats.fps,
    inferenceMs: stats.stages.find(({ name }) => name === "detect")?.workMs?.p50 ?? null,
    latencyP50Ms: stats.latencyMs?.p50 ?? null,
    latencyP95Ms: stats.latencyMs?.p95 ?? null,
    latencyFrom: stats.latencyFrom,
    drops: stats.stages.reduce((sum, { drops }) => sum + drops, 0),
  };
}

/** Figures of one pipeline with one second more. */
export function append(heard: readonly HeardSecond[], next: Second): readonly HeardSecond[] {
  const last = heard.at(-1);
  const goesOn =
    last !== undefined &&
    last.modelDigest === next.modelDigest &&
    next.atMs - last.atMs <= STATS_FRESH_MS &&
    next.atMs >= last.atMs;
  if (!goesOn) return [{ ...next, window: { ...figuresOf([next]), overMs: 0 } }];
  const before = heard.findLastIndex(({ atMs }) => atMs <= next.atMs - 2 * WINDOW_MS);
  const kept = heard.slice(Math.max(0, before));
  // The first second of a history may have begun anywhere, so it counts only while there is no other.
  const inside = kept.filter(({ atMs }, at) => at > 0 && atMs > next.atMs - WINDOW_MS);
  const overMs = Math.min(WINDOW_MS, next.atMs - (kept[0]?.atMs ?? next.atMs));
  return [...kept, { ...next, window: { ...figuresOf([...inside, next]), overMs } }];
}

function figuresOf(seconds: readonly Second[]): Omit<Figures, "overMs"> {
  const times = (pick: (second: Second) => number | null): number | null =>
    median(seconds.flatMap((second) => pick(second) ?? []));
  return {
    fps: seconds.reduce((sum, { fps }) => sum + fps, 0) / seconds.length,
    inferenceMs: times(({ inferenceMs }) => inferenceMs),
    latencyP50Ms: times(({ latencyP50Ms }) => latencyP50Ms),
    latencyP95Ms: times(({ latencyP95Ms }) => latencyP95Ms),
    // One second without capture times makes the window's latency a mixture.
    latencyFrom: seconds.every(({ latencyFrom }) => latencyFrom === "capture")
      ? "capture"
      : "arrival",
    drops: seconds.reduce((sum, { drops }) => sum + drops, 0),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
