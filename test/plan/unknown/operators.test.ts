import { describe, expect, it } from "vitest";
import { type OnnxModel, readModel } from "../../../fleet/plan/index.ts";
import { countedOf, mapGraph, OPERATORS } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { type ModelSketch, writeModel } from "../support/onnx-writer.ts";
import { plan } from "../support/plans.ts";

const model = (sketch: ModelSketch): OnnxModel =>
  readModel(writeModel({ opset: 16, outputs: ["y"], inputs: { x: [1, 8, 16, 16] }, ...sketch }));

describe("every operator that a parser takes", () => {
  it("is counted or unknown, and nothing is both", () => {
    const unknown = [...OPERATORS.keys()].filter((op) => "unknown" in countedOf(op)).sort();
    expect(unknown).toEqual([
      ...["DeformConv", "GridSample", "NonMaxSuppression", "NonZero", "RoiAlign", "TopK"],
    ]);
    const free = [...OPERATORS.keys()].filter((op) => {
      const how = countedOf(op);
      return "counted" in how && how.counted === "free";
    });
    expect(free.sort()).toEqual([
      ...["Constant", "Dropout", "Flatten", "Identity", "Reshape"],
      ...["Shape", "Size", "Squeeze", "Unsqueeze"],
    ]);
  });
});

describe("what is not understood", () => {
  it.each([
    [
      "an attribute that the standard does not have",
      { op: "Conv", attributes: { pads: [1, 1, 1, 1], sparsity: 2 } },
      "what its attribute sparsity does is not known",
    ],
    [
      "a value that the standard does not have",
      { op: "Conv", attributes: { auto_pad: "SAME_LEFT" } },
      'auto_pad "SAME_LEFT" is not known',
    ],
    ["an operator whose work depends on the data", { op: "NonZero" }, "how much it finds"],
  ])("%s is never a number, and names the node", (_what, node, reason) => {
    const tensors = [{ name: "k", dims: [8, 8, 3, 3], raw: new Uint8Array(8 * 8 * 9 * 4) }];
    const inputs = node.op === "Conv" ? ["x", "k"] : ["x"];
    const nodes = [{ ...node, name: "odd", inputs, outputs: ["y"] }];
    for (const module of ["tx2", "agx-xavier", "agx-orin"]) {
      const made = plan(model({ tensors, nodes }), module, {
        jetpack: "6.2",
        ...(module === "agx-orin" ? {} : { jetpack: "4.6.1" }),
      });
      if (made.verdict === "refused") continue;
      expect(made.chosen).toMatchObject({ fps: null, latencyMs: null });
      expect(made.summary).toContain("odd");
      expect(made.summary).toContain(reason);
      expect(made.model.uncounted).toBe(1);
      expect(made.layers[0]?.gflops).toBeNull();
    }
  });

  it("does not meet a demand, nor a latency, and is not refused for it", () => {
    const nodes = [{ op: "NonZero", name: "odd", inputs: ["x"], outputs: ["y"] }];
    const asked = (options: object) =>
      plan(model({ nodes }), "agx-orin", { jetpack: "6.2", ...options });
    expect(asked({ minFps: 30 }).verdict).toBe("unknown");
    expect(asked({ latencyMs: 30 }).verdict).toBe("unknown");
    expect(asked({}).verdict).toBe("runs");
  });
});

describe("a dimension that is not known", () => {
  const open = model({
    inputs: { x: [1, 8, "h", "w"] },
    tensors: [{ name: "k", dims: [8, 8, 3, 3], raw: new Uint8Array(8 * 8 * 9 * 4) }],
    nodes: [
      { op: "Conv", inputs: ["x", "k"], outputs: ["a"] },
      { op: "MaxPool", inputs: ["a"], outputs: ["b"], attributes: { kernel_shape: [2, 2] } },
      { op: "GlobalAveragePool", inputs: ["b"], outputs: ["c"] },
      { op: "Resize", inputs: ["a", "", "two"], outputs: ["y"] },
    ],
  });

  it("is never a number in arithmetic", () => {
    for (const module of ["tx2", "agx-xavier", "agx-orin", "x86-t4"]) {
      const made = plan(open, module);
      expect(made.model.gflops).toBe(0);
      expect(made.candidates.map(({ dlaShare }) => dlaShare)).toEqual(
        made.candidates.map(() => null),
      );
      expect(made.layers.every(({ gflops }) => gflops === null)).toBe(true);
      expect(JSON.stringify(made)).not.toMatch(/"gflops":-|"dlaShare":-/);
    }
  });

  it("has no operations in any layer", () => {
    const { layers } = mapGraph(inferShapes(open), 1003);
    expect(layers.map(({ flops }) => flops)).toEqual(layers.map(() => 0));
    expect(layers.every(({ unknown }) => unknown !== undefined)).toBe(true);
  });
});

describe("what helps where the speed is not known", () => {
  it("is no option for the input where its dimensions are fixed", () => {
    const nodes = [
      { op: "Relu", inputs: ["x"], outputs: ["a"] },
      { op: "NonZero", name: "find", inputs: ["a"], outputs: ["b"] },
      { op: "Cast", inputs: ["b"], outputs: ["y"], attributes: { to: 1 } },
    ];
    const made = plan(model({ nodes }), "agx-orin", { jetpack: "6.2" });
    const remedies = made.diagnostics.map(({ remedy }) => remedy ?? "").join(" ");
    expect(remedies).not.toContain("--shape");
    expect(remedies).toContain("without find (NonZero) and what follows it");
  });

  it("is nothing where what computes comes after it", () => {
    const nodes = [
      { op: "NonZero", name: "find", inputs: ["x"], outputs: ["a"] },
      { op: "Cast", inputs: ["a"], outputs: ["b"], attributes: { to: 1 } },
      { op: "MatMul", inputs: ["b", "b"], outputs: ["y"] },
    ];
    const made = plan(model({ nodes }), "agx-orin", { jetpack: "6.2" });
    expect(made.diagnostics.map(({ remedy }) => remedy)).not.toContainEqual(
      expect.stringContaining("without"),
    );
  });
});

describe("constants that a parser wants in the file", () => {
  const weightsAsInput = model({
    inputs: { x: [1, 8, 16, 16], k: [8, 8, 3, 3] },
    nodes: [{ op: "Conv", name: "conv", inputs: ["x", "k"], outputs: ["y"] }],
  });
  const biasAsInput = model({
    inputs: { x: [1, 8, 16, 16], b: [8] },
    tensors: [{ name: "k", dims: [8, 8, 3, 3], raw: new Uint8Array(8 * 8 * 9 * 4) }],
    nodes: [{ op: "Conv", name: "conv", inputs: ["x", "k", "b"], outputs: ["y"] }],
  });

  it.each([
    ["weights", weightsAsInput, 600, 700],
    ["a bias", biasAsInput, 802, 804],
  ])("%s of a convolution, just before and just after", (_what, one, last, first) => {
    const refusals = (trt: number) => mapGraph(inferShapes(one), trt).refusals;
    expect(refusals(last)[0]).toMatchObject({ rule: "onnx.initializer", node: "conv" });
    expect(refusals(first)).toEqual([]);
  });

  it("keep such a convolution off the DLA", () => {
    const made = plan(weightsAsInput, "agx-xavier");
    expect(made.candidates.map(({ accelerator }) => accelerator)).toEqual(["gpu"]);
  });
});
