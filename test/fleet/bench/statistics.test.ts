import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latencyOf } from "../../../fleet/bench/index.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("figures of single runs", () => {
  it("are trtexec's: p99 of 100 runs leaves one slower run out", () => {
    expect(latencyOf(upTo(100))).toEqual({
      min: 1,
      max: 100,
      mean: 50.5,
      median: 50.5,
      p90: 90,
      p95: 95,
      p99: 99,
    });
  });

  it.each<[number[], Partial<ReturnType<typeof latencyOf>>]>([
    [[7], { min: 7, max: 7, mean: 7, median: 7, p90: 7, p95: 7, p99: 7 }],
    [[3, 1], { median: 2, p90: 3, p99: 3 }],
    [[5, 1, 3], { median: 3, p95: 5 }],
    [upTo(10), { p90: 9, p95: 10, p99: 10 }],
    [upTo(1000), { p90: 900, p95: 950, p99: 990 }],
  ])("of %j hold %j", (runs, figures) => expect(latencyOf(runs)).toMatchObject(figures));

  it("stand in order, whatever the runs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
        (runs) => {
          const { min, median, p90, p95, p99, max } = latencyOf(runs);
          const figures = [min, median, p90, p95, p99, max];
          // The median of two lies between them, above a p90 that leaves none out.
          expect(figures.every((one) => one >= min && one <= max)).toBe(true);
          expect([p90, p95, p99, max]).toEqual([p90, p95, p99, max].sort((a, b) => a - b));
        },
      ),
    );
  });
});
