import { describe, expect, it } from "vitest";
import type { PlacedCandidate } from "../../fleet/plan/candidates.ts";
import { type Demand, NO_DEMAND } from "../../fleet/plan/demand.ts";
import type { Candidate } from "../../fleet/plan/plan-schema.ts";
import { choose } from "../../fleet/plan/policy.ts";

/** A way with the bounds of its rate; its latency is that of one picture after the other. */
function way(
  accelerator: Candidate["accelerator"],
  [low, expected, high]: readonly [number, number, number],
  changes: Partial<Candidate> = {},
): PlacedCandidate {
  const usesDla = accelerator.startsWith("dla");
  return {
    candidate: {
      accelerator,
      precision: "int8",
      latencyMs: { low: 1000 / high, expected: 1000 / expected, high: 1000 / low },
      fps: { low, expected, high },
      mostFps: high,
      leastMs: 1000 / high,
      busy: { gpu: usesDla ? 0.1 : 1, dla0: accelerator === "gpu" ? 0 : 0.9, dla1: 0 },
      published: true,
      dlaLayers: usesDla ? 9 : 0,
      gpuLayers: 1,
      dlaShare: usesDla ? 0.95 : 0,
      loadables: 1,
      reformats: 2,
      ...changes,
    },
    placed: { layers: [], placements: [], segments: [], reformats: [] },
    engines: 1,
    matrixKernels: 1,
    layerMs: () => new Map(),
  };
}

const GPU = way("gpu", [80, 100, 120]);
const NOTHING = NO_DEMAND;
const demand = (changes: Partial<Demand>): Demand => ({ ...NOTHING, ...changes });

function chosen(ways: PlacedCandidate[], asked: Demand): string | undefined {
  return choose(ways, "auto", asked, []).chosen?.candidate.accelerator;
}

describe("auto", () => {
  it.each<[string, PlacedCandidate, string]>([
    [
      "at its low end above what the GPU is expected to give",
      way("split", [101, 200, 300]),
      "split",
    ],
    ["that is only expected to be faster", way("split", [99, 200, 300]), "gpu"],
    [
      "of whose kind no figure was published",
      way("split", [500, 600, 700], { published: false }),
      "gpu",
    ],
  ])("without a demand judges a way %s", (_label, other, expected) => {
    expect(chosen([GPU, other], NOTHING)).toBe(expected);
  });

  it.each<[string, PlacedCandidate[], Partial<Demand>, string]>([
    ["a DLA that surely keeps up", [GPU, way("dla0", [60, 70, 80])], { fps: 50 }, "dla0"],
    ["the GPU where the DLA only may", [GPU, way("dla0", [40, 70, 80])], { fps: 50 }, "gpu"],
    [
      "the GPU where the DLA does little of the work",
      [GPU, way("dla0", [60, 70, 80], { dlaShare: 0.5 })],
      { fps: 50 },
      "gpu",
    ],
    [
      "a split that surely keeps up before a GPU that may",
      [GPU, way("split", [95, 150, 200])],
      { fps: 90 },
      "split",
    ],
    ["the GPU of two that may", [GPU, way("split", [85, 150, 200])], { fps: 90 }, "gpu"],
    [
      "what comes nearest when none keeps up",
      [GPU, way("split", [90, 150, 200])],
      { fps: 900 },
      "split",
    ],
    [
      "the quicker way for a limit of time",
      [GPU, way("dla0", [60, 70, 80])],
      { latencyMs: 13 },
      "gpu",
    ],
    [
      "the quickest when none keeps a limit of time",
      [way("dla0", [60, 70, 80]), GPU],
      { latencyMs: 1 },
      "gpu",
    ],
  ])("takes %s", (_label, ways, asked, expected) => {
    expect(chosen(ways, demand(asked))).toBe(expected);
  });

  it.each([
    [75, "sure"],
    [95, "likely"],
    [115, "possible"],
    [125, "impossible"],
  ] as const)("is asked for %i a second of 80, 100 or 120: %s", (fps, certainty) => {
    expect(choose([GPU], "auto", demand({ fps }), []).certainty).toBe(certainty);
  });
});

describe("an accelerator that was asked for", () => {
  it("is taken whatever else there is", () => {
    const choice = choose([GPU, way("split", [500, 600, 700])], "gpu", NOTHING, []);
    expect(choice.chosen?.candidate.accelerator).toBe("gpu");
    expect(choice.reason).toBe("the GPU was asked for");
  });

  it("that is not among the ways leaves nothing chosen", () => {
    expect(choose([GPU], "dla1", NOTHING, []).chosen).toBeNull();
  });
});
