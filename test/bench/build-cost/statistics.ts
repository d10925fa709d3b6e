/** What a live pipeline did over a while. */
export interface Phase {
  seconds: number;
  fps: number;
  /** Of the seconds, each by its own p95, the one in the middle and the worst. */
  latencyP95Ms: number | null;
  worstP95Ms: number | null;
  drops: number;
}

/** One second of a pipeline, as its runner reports it. */
export interface Second {
  atMs: number;
  framesTotal: number;
  droppedTotal: number;
  latencyP95Ms: number | null;
}

/** From the first of these seconds to the last; frames and drops are differences of running totals. */
export function phaseOf(seconds: readonly Second[]): Phase {
  const [first, last] = [seconds[0], seconds.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) {
    throw new RangeError("Expected two seconds of a pipeline or more");
  }
  const over = (last.atMs - first.atMs) / 1000;
  const p95s = seconds.slice(1).flatMap(({ latencyP95Ms }) => latencyP95Ms ?? []);
  const sorted = p95s.sort((a, b) => a - b);
  return {
    seconds: over,
    fps: (last.framesTotal - first.framesTotal) / over,
    latencyP95Ms: sorted[Math.floor(sorted.length / 2)] ?? null,
    worstP95Ms: sorted.at(-1) ?? null,
    drops: last.droppedTotal - first.droppedTotal,
  };
}
