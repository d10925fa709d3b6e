import type { BenchReport } from "./report.ts";

/**
 * Figures of single runs. A percentile is the slowest run when those that are slower are left out: of 100 runs, p99 is
 * the second slowest. The median of an even number is the mean of the middle two. So does trtexec.
 *
 * At least one run.
 */
export function latencyOf(runsMs: readonly number[]): BenchReport["latencyMs"] {
  const sorted = [...runsMs].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const percentile = (percent: number): number => {
    const excluded = Math.floor((1 - percent / 100) * sorted.length + 1e-9);
    return at(Math.max(sorted.length - 1 - excluded, 0));
  };
  const half = Math.floor(sorted.length / 2);
  return {
    min: at(0),
    max: at(sorted.length - 1),
    mean: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
    median: sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2,
    p90: percentile(90),
    p95: percentile(95),
    p99: percentile(99),
  };
}
