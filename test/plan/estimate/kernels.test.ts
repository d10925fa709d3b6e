import { describe, expect, it } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { placeOnDla, placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import type { FusionRules } from "../../../fleet/plan/estimate/group.ts";
import { hardwareOf } from "../../../fleet/plan/estimate/hardware.ts";
import { fuse } from "../../../fleet/plan/estimate/kernels.ts";
import { type Layer, mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { layer } from "../support/layers.ts";
import { NETWORK_NAMES, network } from "../support/models.ts";

const dims = [1, 16, 32, 32];

/** A chain of layers, each reading what the one before made. */
function chain(...kinds: Partial<Layer>[]): Layer[] {
  return kinds.map((changes, index) =>
    layer({
      index,
      inputs: [{ name: index === 0 ? "x" : `v${index - 1}`, dims }],
      outputs: [{ name: `v${index}`, dims }],
      ...changes,
    }),
  );
}

const RELU = { kind: "activation", op: "Relu" } as const;
const XAVIER = { trt: 802, arch: "volta", precision: "fp16" } as const;
const ORIN = { trt: 805, arch: "ampere", precision: "fp16" } as const;
const groupsOf = (layers: readonly Layer[], rules: FusionRules = XAVIER): number[][] =>
  fuse(placeOnGpu(layers), rules).map((kernel) => kernel.layers);

describe("fusion", () => {
  it("takes batch normalisation and clipping activations into the convolution", () => {
    expect(groupsOf(chain({}, { kind: "scale", op: "BatchNormalization" }, RELU))).toEqual([
      [0, 1, 2],
    ]);
  });

  it("leaves SiLU a launch of its own", () => {
    const [conv, sigmoid, product] = chain(
      {},
      { kind: "activation", op: "Sigmoid" },
      { kind: "elementwise", op: "Mul", operation: "PROD" },
    );
    if (!conv || !sigmoid || !product) throw new Error("three layers");
    const silu = {
      ...product,
      inputs: [
        { name: "v0", dims },
        { name: "v1", dims },
      ],
    };
    expect(groupsOf([conv, sigmoid, silu])).toEqual([[0], [1, 2]]);
  });

  it.each([
    ["pascal", "fp16", [[0], [1]]],
    ["volta", "fp16", [[0], [1]]],
    ["turing", "fp16", [[0, 1]]],
    ["turing", "int8", [[0, 1]]],
    ["turing", "fp32", [[0], [1]]],
    ["ampere", "int8", [[0, 1]]],
  ] as const)(
    "takes a leaky activation in on Turing and later, below FP32: %s in %s",
    (arch, precision, groups) => {
      const layers = chain({}, { kind: "activation", op: "LeakyRelu" });
      expect(groupsOf(layers, { trt: 804, arch, precision })).toEqual(groups);
    },
  );

  it("takes other functions in from TensorRT 8.5 on, on Ampere", () => {
    const layers = chain({}, { kind: "activation", op: "Sigmoid" });
    expect(groupsOf(layers, { ...ORIN, trt: 804 })).toEqual([[0], [1]]);
    expect(groupsOf(layers, { ...ORIN, arch: "turing" })).toEqual([[0], [1]]);
    expect(groupsOf(layers, ORIN)).toEqual([[0, 1]]);
  });

  it("reads the input of merged convolutions once", () => {
    const [first, second] = chain({}, {});
    if (!first || !second) throw new Error("two layers");
    const sibling = { ...second, inputs: first.inputs };
    const [kernel, ...others] = fuse(placeOnGpu([first, sibling]), XAVIER);
    const size = dims.reduce((all, dim) => all * dim, 1);
    expect(others).toEqual([]);
    expect(kernel).toMatchObject({ elements: 3 * size, outputElements: 2 * size, flops: 2e6 });
  });

  it("copies a value into the second of two concatenations that it goes into", () => {
    const join = { kind: "concatenation", op: "Concat", axis: 1 } as const;
    const [conv, , one, other] = chain({}, {}, join, join);
    if (!conv || !one || !other) throw new Error("layers");
    const parts = [{ name: "v0", dims }];
    const layers = [
      conv,
      { ...one, index: 1, inputs: parts },
      { ...other, index: 2, inputs: parts },
    ];
    const works = fuse(placeOnGpu(layers), XAVIER).map(({ work }) => work);
    expect(works).toEqual(["conv", "free", "copy"]);
  });

  it("does not reach over a value that somebody else reads too", () => {
    const layers = chain({}, RELU, RELU);
    const [conv, first, second] = layers;
    if (!conv || !first || !second) throw new Error("three layers");
    expect(groupsOf([conv, first, { ...second, inputs: [{ name: "v0", dims }] }])).toEqual([
      [0],
      [1],
      [2],
    ]);
  });

  it("stays on one device", () => {
    const layers = chain({}, { kind: "activation", op: "LeakyRelu" });
    const kernels = fuse(
      placeOnDla(layers, { trt: 802, precision: "fp16", generation: 1 }),
      XAVIER,
    );
    expect(kernels.map(({ device }) => device).toSorted()).toEqual(["dla", "gpu"]);
  });

  it.each(NETWORK_NAMES.flatMap((name) => [[name, XAVIER] as const, [name, ORIN] as const]))(
    "of %s loses no layer and no operation under %o",
    (name, rules) => {
      const { layers } = mapGraph(inferShapes(network(name)), rules.trt);
      const kernels = fuse(placeOnGpu(layers), rules);
      expect(kernels.flatMap((kernel) => kernel.layers).toSorted((a, b) => a - b)).toEqual(
        layers.map(({ index }) => index),
      );
      const flops = (list: readonly { flops: number }[]): number =>
        list.reduce((sum, one) => sum + one.flops, 0);
      expect(flops(kernels)).toBeCloseTo(flops(layers), -3);
    },
  );
});

describe("hardware", () => {
  it("of TX2 peaks at 1.33 TFLOPS in FP16, and gains nothing from INT8", () => {
    const tx2 = findModule("tx2");
    const hardware = tx2 && hardwareOf(tx2, null);
    expect((hardware?.gpuFlops.fp16 ?? 0) / 1e12).toBeCloseTo(1.33, 2);
    expect(hardware?.gpuFlops.int8).toBe(hardware?.gpuFlops.fp32);
    expect(hardware?.dla).toBeNull();
  });

  it("of AGX Xavier adds up to the 32 TOPS that NVIDIA names", () => {
    const xavier = findModule("agx-xavier");
    const hardware = xavier && hardwareOf(xavier, null);
    const tops =
      (hardware?.gpuFlops.int8 ?? 0) / 1e12 + 2 * ((hardware?.dla?.flops.int8 ?? 0) / 1e12);
    expect(Math.round(tops)).toBe(33);
  });

  it("of a module whose clock nobody knows is not guessed", () => {
    const industrial = findModule("agx-xavier-industrial");
    expect(industrial && hardwareOf(industrial, null)).toBeNull();
  });
});
