import { describe, expect, it } from "vitest";
import { EngineBuild } from "../../../fleet/contract/index.ts";
import { buildRemaining, buildWords, updateUnderWay } from "../../../fleet/view/index.ts";

const BUILD: EngineBuild = {
  ...{ model: "people", modelDigest: `sha256:${"a".repeat(64)}`, accelerator: "gpu" },
  ...{ phase: "timing kernels", progress: 0.429, elapsedMs: 80_000, waitsFor: null },
};
const PLAN = { buildMinutes: { low: 2, high: 5 } };
const HOT = { code: "BOARD_HOT", message: "the board has 91.0 °C", hint: "", atMs: 1 };

describe("a build, in words", () => {
  it.each([
    [
      BUILD,
      PLAN,
      "building people for gpu: 42 %, timing kernels, 80 s so far, 40 s to 4 min to go by the plan",
    ],
    [{ ...BUILD, elapsedMs: 200_000 }, PLAN, /3 min so far, 0 s to 100 s to go by the plan$/],
    [{ ...BUILD, elapsedMs: 400_000 }, PLAN, /7 min so far, longer than planned$/],
    [BUILD, null, /80 s so far, time to go unknown$/],
    [
      { ...BUILD, accelerator: "cpu" },
      PLAN,
      /so far, time to go unknown \(planned for the board's silicon: 2 min to 5 min\)$/,
    ],
    [
      { ...BUILD, accelerator: "cpu", expectedMs: { low: 60_000, high: 100_000 } },
      PLAN,
      /80 s so far, 0 s to 20 s to go by this device's former builds \(planned .* 2 min to 5 min\)$/,
    ],
    [
      { ...BUILD, expectedMs: { low: 60_000, high: 70_000 } },
      PLAN,
      /80 s so far, longer than its former builds$/,
    ],
    [
      { ...BUILD, accelerator: "cpu", simulatedMs: 90_000 },
      null,
      /80 s so far, 10 s to go, as it is simulated to last 90 s$/,
    ],
    [{ ...BUILD, waitsFor: HOT }, null, /time to go unknown; it waits: the board has 91\.0 °C$/],
  ] as const)("%o, planned %o", (build, plan, words) => {
    expect(buildWords(build, plan)).toEqual(
      typeof words === "string" ? words : expect.stringMatching(words),
    );
  });

  it("has no time to go where the plan is of another library", () => {
    expect(buildRemaining({ ...BUILD, accelerator: "cpu" }, PLAN)).toBeNull();
    expect(buildRemaining(BUILD, PLAN)).toEqual({ low: 40_000, high: 220_000 });
  });

  it("is a word or two in tables, and the state alone of an agent that says no more", () => {
    const update = { state: "building", sinceMs: 1 };
    expect(updateUnderWay({ update })).toBe("building");
    expect(updateUnderWay({ update: { ...update, build: BUILD } })).toBe("building 42 %");
    const waits = { ...BUILD, waitsFor: HOT };
    expect(updateUnderWay({ update: { ...update, build: waits } })).toBe("building 42 %, waits");
  });
});

it.each([
  { progress: 1.1 },
  { progress: Number.NaN },
  { phase: "x".repeat(201) },
  { elapsedMs: -1 },
  { model: "../people" },
])("a report with %o is not taken", (change) => {
  expect(EngineBuild.safeParse({ ...BUILD, ...change }).success).toBe(false);
});
