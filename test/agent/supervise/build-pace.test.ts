import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BuildPace, SIMULATED_STEP } from "../../../agent/supervise/build-pace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a build that is done at once lasts as long as it is simulated to, and says so", async () => {
  const pace = new BuildPace(10_000);
  const over = vi.fn();
  void pace.over.then(over);
  const done = { share: 1, step: "done" };
  await vi.advanceTimersByTimeAsync(2500);
  expect(pace.told(done)).toEqual({ share: 0.25, step: SIMULATED_STEP });
  await vi.advanceTimersByTimeAsync(7400);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(100);
  expect(over).toHaveBeenCalled();
  expect(pace.told(done)).toEqual(done);
});

it("a build is never told to be farther than it really is", async () => {
  const pace = new BuildPace(1000);
  await vi.advanceTimersByTimeAsync(900);
  const real = { share: 0.4, step: "optimising the graph" };
  expect(pace.told(real)).toEqual(real);
  pace.stop();
});
