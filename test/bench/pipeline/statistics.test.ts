import { expect, test } from "vitest";
import { estimate } from "./statistics.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

// Ranks as in the tables of the sign test: n = 10 gives the 2nd and 9th, n = 20 the 6th and 15th.
test.each([
  [[7], { median: 7, low: 7, high: 7 }],
  [upTo(5), { median: 3, low: 1, high: 5 }],
  [upTo(10), { median: 5.5, low: 2, high: 9 }],
  [upTo(20), { median: 10.5, low: 6, high: 15 }],
  [[3, 1, 2], { median: 2, low: 1, high: 3 }],
])("of %j the median and its interval are %j", (samples, expected) => {
  expect(estimate(samples)).toEqual(expected);
});
