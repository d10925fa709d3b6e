/** A median with an interval that holds it in at least 95 of 100 measurements. */
export interface Estimate {
  median: number;
  low: number;
  high: number;
}

const CONFIDENCE = 0.95;

/**
 * The median of samples and its interval by order statistics, which takes nothing for granted about how they are
 * distributed: of n samples the k-th from below and from above hold it unless fewer than k lie on one side of it,
 * which has a binomial chance. Fewer than 6 samples cannot give the confidence; then all of them are the interval.
 */
export function estimate(samples: readonly number[]): Estimate {
  const sorted = [...samples].sort((a, b) => a - b);
  const count = sorted.length;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = Math.floor(count / 2);
  const median = count % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  let rank = 1;
  while (rank < half && 1 - 2 * chanceBelow(rank + 1, count) >= CONFIDENCE) rank += 1;
  return { median, low: at(rank - 1), high: at(count - rank) };
}

/** The chance that fewer than `rank` of `count` fall on one given side of the median. */
function chanceBelow(rank: number, count: number): number {
  let sum = 0;
  let ways = 1;
  for (let i = 0; i < rank; i += 1) {
    sum += ways;
    ways = (ways * (count - i)) / (i + 1);
  }
  return sum / 2 ** count;
}
