import { describe, expect, it } from "vitest";
import { estimateMemory } from "../../../fleet/plan/estimate/memory.ts";
import { rtxMemory } from "../../../fleet/plan/estimate/rtx-memory.ts";
import type { Layer } from "../../../fleet/plan/layers/index.ts";
import { layer } from "../support/layers.ts";

const MIB = 2 ** 20;
const WORKSPACE = 8;
const picture = (channels: number, side = 32): number[] => [1, channels, side, side];

/** A depthwise convolution of 3×3 that reads one value and makes another. */
function depthwise(index: number, from: string, channels: number, side = 32): Layer {
  return layer({
    index,
    groups: channels,
    weightElements: 9 * channels,
    inputs: [{ name: from, dims: picture(channels, side) }],
    outputs: [{ name: `v${index}`, dims: picture(channels, side) }],
  });
}

const turing = { arch: "turing", precision: "fp16" } as const;
const ada = { arch: "ada", precision: "fp16" } as const;

describe("the weights of an engine of TensorRT-RTX", () => {
  it("have the zeros that fill a depthwise convolution for Turing: input and weights eightfold", () => {
    const elements = 8 * 9 * 16 + 7 * 16 * 32 * 32;
    expect(rtxMemory([depthwise(0, "x", 16)], turing).weights).toBeCloseTo((2 * elements) / MIB, 9);
  });

  it("are the model's for Ada", () => {
    expect(rtxMemory([depthwise(0, "x", 16)], ada).weights).toBeCloseTo((2 * 144) / MIB, 9);
  });

  it("have as many zeros once only, whatever picture they fill", () => {
    const [same, other] = [depthwise(1, "v0", 4, 64), depthwise(1, "v0", 8, 64)];
    const alone = rtxMemory([depthwise(0, "x", 16)], turing).weights;
    const filledWeights = (channels: number): number => (2 * 8 * 9 * channels) / MIB;
    expect(rtxMemory([depthwise(0, "x", 16), same], turing).weights - alone).toBeCloseTo(
      filledWeights(4),
      9,
    );
    expect(rtxMemory([depthwise(0, "x", 16), other], turing).weights - alone).toBeCloseTo(
      filledWeights(8) + (2 * 7 * 8 * 64 * 64) / MIB,
      9,
    );
  });

  it.each([
    ["turing", "fp16", 8],
    ["turing", "fp32", 4],
    ["ada", "fp16", 4],
    ["ada", "fp32", 3],
  ] as const)("fill a picture of three channels for %s in %s up to %i", (arch, precision, to) => {
    const first = layer({ inputs: [{ name: "x", dims: picture(3) }], weightElements: 27 * 16 });
    const bytes = precision === "fp16" ? 2 : 4;
    const elements = 9 * 16 * to + (to - 3) * 32 * 32;
    expect(rtxMemory([first], { arch, precision }).weights).toBeCloseTo(
      (bytes * elements) / MIB,
      9,
    );
  });
});

describe("the memory between layers of an engine of TensorRT-RTX", () => {
  const chain = [0, 1].map((index) =>
    layer({
      index,
      inputs: [{ name: index === 0 ? "x" : "v0", dims: picture(16) }],
      outputs: [{ name: `v${index}`, dims: picture(16) }],
    }),
  );
  const value = (2 * 16 * 32 * 32) / MIB;

  it("is what two launches hand on, and one workspace, where nothing runs side by side", () => {
    expect(rtxMemory(chain, ada).activations).toBeCloseTo(WORKSPACE + 2 * value, 9);
  });

  it("does not count what stays inside a launch", () => {
    const relu = layer({
      index: 2,
      kind: "activation",
      op: "Relu",
      weightElements: 0,
      inputs: [{ name: "v1", dims: picture(16) }],
      outputs: [{ name: "v2", dims: picture(16) }],
    });
    expect(rtxMemory([...chain, relu], ada).activations).toBeCloseTo(WORKSPACE + 2 * value, 9);
  });

  it("has a workspace for each product that waits for none of the others", () => {
    const wide = [0, 1, 2].map((index) =>
      layer({ index, outputs: [{ name: `v${index}`, dims: [1] }] }),
    );
    expect(rtxMemory(wide, ada).activations).toBeGreaterThan(3 * WORKSPACE);
    expect(rtxMemory(wide, ada).activations).toBeLessThan(3 * WORKSPACE + 1);
  });

  it("holds the filled input of a depthwise convolution for Turing", () => {
    expect(rtxMemory([depthwise(0, "x", 16)], turing).activations).toBeCloseTo(
      WORKSPACE + 9 * value,
      9,
    );
  });
});

describe("the memory of a pipeline", () => {
  const question = { precision: "fp16", trt: 1003, engines: 1 } as const;
  const layers = [depthwise(0, "x", 512, 64)];
  const of = (builder: "tensorrt" | "tensorrt-rtx"): number =>
    estimateMemory(layers, { ...question, hardware: { arch: "turing", builder } }).expected;

  it("follows TensorRT-RTX where it builds, and only there", () => {
    expect(of("tensorrt-rtx")).toBeGreaterThan(of("tensorrt") + 7 * 4);
    expect(of("tensorrt")).toBe(estimateMemory(layers, question).expected);
  });
});
