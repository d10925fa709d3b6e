import { expect, it } from "vitest";
import { phaseOf, type Second } from "./statistics.ts";

const second = (at: number, framesTotal: number, latencyP95Ms: number | null): Second => ({
  ...{ atMs: 1000 * at, framesTotal, droppedTotal: 3 + at, latencyP95Ms },
});

it("a phase is what came and was dropped between its first second and its last", () => {
  const seconds = [second(0, 100, 999), second(1, 110, 40), second(2, 119, 90), second(4, 140, 50)];
  expect(phaseOf(seconds)).toEqual({
    ...{ seconds: 4, fps: 10, latencyP95Ms: 50, worstP95Ms: 90, drops: 4 },
  });
});

it("a phase without latencies has none, and one second is no phase", () => {
  expect(phaseOf([second(0, 1, 1), second(1, 2, null)]).latencyP95Ms).toBeNull();
  expect(() => phaseOf([second(0, 1, 1)])).toThrow(RangeError);
});
