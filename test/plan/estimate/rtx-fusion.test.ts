import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import type { FusionRules } from "../../../fleet/plan/estimate/group.ts";
import { fuse, type Kernel } from "../../../fleet/plan/estimate/kernels.ts";
import { type Layer, mapGraph } from "../../../fleet/plan/layers/index.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { piece } from "../support/listing.ts";
import { NETWORK_NAMES, network } from "../support/models.ts";
import { writeModel } from "../support/onnx-writer.ts";
import { randomGraph } from "../support/random-graph.ts";

const T4 = { trt: 1003, arch: "turing", builder: "tensorrt-rtx", precision: "fp16" } as const;
const L4 = { ...T4, arch: "ada" } as const;

/** The nodes of each launch that computes any, and how many launches only move. */
function launches(text: string, rules: FusionRules = L4): { nodes: string[]; moves: number } {
  const layers = piece(text);
  const kernels = fuse(placeOnGpu(layers), rules);
  const names = kernels.map((kernel) => kernel.layers.map((at) => layers[at]?.name).join(" "));
  return {
    nodes: names.filter((one) => one !== "").sort(),
    moves: names.filter((one) => one === "").length,
  };
}

const nodesOf = (text: string, rules?: FusionRules): string[] => launches(text, rules).nodes;

describe("TensorRT-RTX", () => {
  it.each([
    ["SiLU", "Conv_0 x\nSigmoid_1 Conv_0\nMul_2 Conv_0 Sigmoid_1", ["Conv_0 Sigmoid_1 Mul_2"]],
    ["a leaky activation", "Conv_0 x\nLeakyRelu_1 Conv_0", ["Conv_0 LeakyRelu_1"]],
    ["a sum after a function", "Conv_0 x\nRelu_1 Conv_0\nAdd_2 Relu_1 x", ["Conv_0 Relu_1 Add_2"]],
    [
      "SiLU and a sum, and no second sum",
      "Conv_0 x\nSigmoid_1 Conv_0\nMul_2 Conv_0 Sigmoid_1\nAdd_3 Mul_2 x\nAdd_4 Add_3 y",
      ["Add_4", "Conv_0 Sigmoid_1 Mul_2 Add_3"],
    ],
  ])("computes %s at the end of a convolution", (_, text, expected) => {
    expect(nodesOf(text)).toEqual(expected);
  });

  it("computes Mish, which it knows only in its parts, in a kernel of its own", () => {
    const mish = "Conv_0 x\nSoftplus_1 Conv_0\nTanh_2 Softplus_1\nMul_3 Conv_0 Tanh_2";
    expect(nodesOf(mish)).toEqual(["Conv_0", "Softplus_1 Tanh_2 Mul_3"]);
  });

  it("merges no convolutions of one tensor", () => {
    expect(nodesOf("Conv_0 x\nConv_1 x")).toEqual(["Conv_0", "Conv_1"]);
  });

  it("adds in the deeper of two convolutions, though the other comes later", () => {
    const block = "Conv_0 x\nRelu_1 Conv_0\nConv_2 Relu_1\nConv_3 x\nAdd_4 Conv_2 Conv_3";
    expect(nodesOf(block)).toEqual(["Conv_0 Relu_1", "Conv_2 Add_4", "Conv_3"]);
  });

  it("adds in the later of two convolutions that are as deep", () => {
    expect(nodesOf("Conv_0 x\nConv_1 x\nAdd_2 Conv_0 Conv_1")).toEqual(["Conv_0", "Conv_1 Add_2"]);
  });

  it("generates one kernel of what moves and computes between convolutions, over branches", () => {
    const shuffle = `
      Conv_0 x
      Conv_1 Conv_0
      Concat_2 Conv_1 x
      Reshape_3 Concat_2
      Transpose_4 Reshape_3
      BatchNormalization_5 Transpose_4
      Relu_6 BatchNormalization_5
      Conv_7 Relu_6`;
    expect(nodesOf(shuffle)).toEqual([
      "Concat_2 Reshape_3 Transpose_4 BatchNormalization_5 Relu_6",
      ...["Conv_0", "Conv_1", "Conv_7"],
    ]);
  });

  it("joins heads of other depths in one kernel, as nobody else reads them", () => {
    const heads = `
      Conv_0 x
      Reshape_1 Conv_0
      Conv_2 x
      Relu_3 Conv_2
      Conv_4 Relu_3
      Reshape_5 Conv_4
      Concat_6 Reshape_1 Reshape_5`;
    expect(nodesOf(heads)).toContain("Reshape_1 Reshape_5 Concat_6");
  });

  it("does not wait in one kernel for what a convolution makes of its own result", () => {
    const loop = "Slice_0 x\nConv_1 Slice_0\nConcat_2 Slice_0 Conv_1";
    expect(nodesOf(loop)).toEqual(["Concat_2", "Conv_1", "Slice_0"]);
  });

  it("ends a kernel with a reduction, which what follows reads whole", () => {
    const normalised = "Mul_0 x y\nReduceMean_1 Mul_0\nSub_2 Mul_0 ReduceMean_1\nSqrt_3 Sub_2";
    expect(nodesOf(normalised)).toEqual(["Mul_0 ReduceMean_1", "Sub_2 Sqrt_3"]);
  });

  it("leaves SiLU to the resize that follows for Turing, and to the convolution for Ada", () => {
    const neck = "Conv_0 x\nSigmoid_1 Conv_0\nMul_2 Conv_0 Sigmoid_1\nResize_3 Mul_2";
    expect(nodesOf(neck, T4)).toEqual(["Conv_0", "Sigmoid_1 Mul_2 Resize_3"]);
    expect(nodesOf(neck, L4)).toEqual(["Conv_0 Sigmoid_1 Mul_2", "Resize_3"]);
  });

  it("fills up the channels of a depthwise convolution for Turing", () => {
    const block = "Conv_0 x\nConv_1 Conv_0 * depthwise\nRelu_2 Conv_1\nGemm_3 Relu_2";
    // One for what comes in, and one for what goes out.
    expect(launches(block, L4).moves).toBe(2);
    expect(launches(block, T4).moves).toBe(3);
  });

  it("joins what convolutions made by a copy for Turing, and in place for Ada", () => {
    const join = "Conv_0 x\nConv_1 x\nConcat_2 Conv_0 Conv_1\nConv_3 Concat_2";
    const works = (rules: FusionRules): string[] =>
      fuse(placeOnGpu(piece(join)), rules)
        .filter(({ layers }) => layers.includes(2))
        .map(({ work }) => work);
    expect(works(T4)).toEqual(["memory"]);
    expect(works(L4)).toEqual(["free"]);
  });

  it.each(NETWORK_NAMES.flatMap((name) => [[name, T4] as const, [name, L4] as const]))(
    "loses no layer and no operation of %s under %o",
    (name, rules) => {
      const { layers } = mapGraph(inferShapes(network(name)), rules.trt);
      const kernels = fuse(placeOnGpu(layers), rules);
      expect(held(kernels)).toEqual(layers.map(({ index }) => index));
      const flops = (list: readonly { flops: number }[]): number =>
        list.reduce((sum, one) => sum + one.flops, 0);
      expect(flops(kernels)).toBeCloseTo(flops(layers), -3);
    },
  );

  it("holds each layer of any graph once, in launches that never wait for each other", () => {
    fc.assert(
      fc.property(randomGraph, fc.constantFrom(T4, L4), (sketch, rules) => {
        const { layers } = mapGraph(inferShapes(readModel(writeModel(sketch))), rules.trt);
        const kernels = fuse(placeOnGpu(layers), rules);
        expect(held(kernels)).toEqual(layers.map(({ index }) => index));
        expect(unordered(layers, kernels)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

function held(kernels: readonly Kernel[]): number[] {
  return kernels.flatMap(({ layers }) => layers).toSorted((a, b) => a - b);
}

/** Launches that cannot be put in order, as each of them waits for another of them. */
function unordered(layers: readonly Layer[], kernels: readonly Kernel[]): number[] {
  const at = new Map(kernels.flatMap((one, place) => one.layers.map((layer) => [layer, place])));
  const makers = new Map(layers.flatMap((one) => one.outputs.map(({ name }) => [name, one.index])));
  const waits = kernels.map(({ layers: own }, place) => {
    const read = own.flatMap((index) => layers[index]?.inputs ?? []);
    const from = read.map(({ name }) => at.get(makers.get(name) ?? -1));
    return new Set(from.filter((one) => one !== undefined && one !== place));
  });
  let left = kernels.map((_, place) => place);
  for (;;) {
    const stuck = left.filter((place) => left.some((other) => waits[place]?.has(other)));
    if (stuck.length === left.length) return stuck;
    left = stuck;
  }
}
