import { describe, expect, it } from "vitest";
import { MEMORY_LOGS } from "../../../fleet/plan/calibration/memory-logs.ts";
import { estimateMemory, peakLiveElements } from "../../../fleet/plan/estimate/memory.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { layer } from "../support/layers.ts";
import { network } from "../support/models.ts";

const dims = [1, 16, 32, 32];

describe("memory", () => {
  const { layers } = mapGraph(inferShapes(network("vgg16")), 802);
  const question = { precision: "fp16", trt: 802, engines: 1 } as const;

  it("holds at a time what a later layer still reads", () => {
    const chain = [0, 1, 2].map((index) =>
      layer({
        index,
        inputs: [{ name: `v${index - 1}`, dims }],
        outputs: [{ name: `v${index}`, dims }],
      }),
    );
    expect(peakLiveElements(chain)).toBe(2 * 16 * 32 * 32);
  });

  it("grows with precision, and its interval holds the estimate", () => {
    const half = estimateMemory(layers, question);
    const full = estimateMemory(layers, { ...question, precision: "fp32" });
    expect(full.expected).toBeGreaterThan(half.expected);
    expect(half.low).toBeLessThan(half.expected);
    expect(half.expected).toBeLessThan(half.high);
  });

  it("of a split counts each engine, and CUDA once", () => {
    const one = estimateMemory(layers, question).expected;
    const three = estimateMemory(layers, { ...question, engines: 3 }).expected;
    const weightsMib =
      layers.reduce((sum, { weightElements }) => sum + weightElements, 0) / 2 ** 19;
    expect(three - one).toBeGreaterThan(2 * weightsMib);
    expect(three).toBeLessThan(3 * one);
  });

  it("of an empty engine is what the logs of TensorRT 8 say of CUDA and its libraries", () => {
    const { low, high } = estimateMemory([], question);
    for (const { cudaMib, librariesMib } of MEMORY_LOGS) {
      expect(cudaMib + librariesMib).toBeGreaterThanOrEqual(low);
      expect(cudaMib + librariesMib).toBeLessThanOrEqual(high);
    }
  });

  it("is less sure, and less, from TensorRT 10 on", () => {
    const [older, newer] = [
      estimateMemory([], question),
      estimateMemory([], { ...question, trt: 1003 }),
    ];
    expect(newer.expected).toBeLessThan(older.expected);
    expect(newer.high - newer.low).toBeGreaterThan(older.high - older.low);
  });
});
