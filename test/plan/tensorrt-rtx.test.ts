import { describe, expect, it } from "vitest";
import { type OnnxModel, Plan, readModel } from "../../fleet/plan/index.ts";
import { HAS_SHARED_MODELS, network, SHARED_SUFFIX, sharedModel } from "./support/models.ts";
import { type NodeSketch, type TensorSketch, writeModel } from "./support/onnx-writer.ts";
import { plan } from "./support/plans.ts";

const rulesOf = ({ diagnostics }: Plan, severity: string): string[] =>
  diagnostics.filter((one) => one.severity === severity).map(({ rule }) => rule);

const CARDS = ["x86-t4", "x86-l4"];

/** A convolution between a quantising pair and what follows it. */
function sketch({
  zeroPoint = 0,
  after = [],
  tensors = [],
}: {
  zeroPoint?: number;
  after?: NodeSketch[];
  tensors?: TensorSketch[];
}): OnnxModel {
  return readModel(
    writeModel({
      inputs: { x: [1, 8, 16, 16] },
      outputs: ["out"],
      tensors: [
        { name: "s", dims: [], float: [1] },
        { name: "z", dims: [], type: 3, int32: [zeroPoint] },
        { name: "w", dims: [8, 8, 1, 1], raw: new Uint8Array(256) },
        ...tensors,
      ],
      nodes: [
        { op: "QuantizeLinear", name: "quantise", inputs: ["x", "s", "z"], outputs: ["q"] },
        { op: "DequantizeLinear", name: "restore", inputs: ["q", "s", "z"], outputs: ["d"] },
        { op: "Conv", name: "conv", inputs: ["d", "w"], outputs: ["c"] },
        ...(after.length > 0
          ? after
          : [{ op: "Relu", name: "last", inputs: ["c"], outputs: ["out"] }]),
      ],
    }),
  );
}

describe.each(CARDS)("on %s, of a float model", (card) => {
  it("INT8 is refused, and FP16 named with its estimate", () => {
    const made = plan(network("resnet18"), card, { precision: "int8", minFps: 20 });
    expect(made.verdict).toBe("refused");
    expect(rulesOf(made, "error")).toEqual(["gpu.int8-graph"]);
    expect(made.summary).toMatch(
      /^INT8 on x86-64 with .*: TensorRT-RTX does not calibrate, .*; FP16 is estimated at \d+ to \d+ fps, you ask for 20$/,
    );
    expect(made.chosen?.precision).toBe("fp16");
  });

  it("FP16 runs, with a note that the graph must be converted", () => {
    const made = plan(network("resnet18"), card);
    expect(made.verdict).toBe("runs");
    expect(made.chosen?.precision).toBe("fp16");
    expect(rulesOf(made, "info")).toEqual(["gpu.fp16-graph"]);
    expect(rulesOf(plan(network("fcn_resnet18"), card, { precision: "fp32" }), "info")).toEqual([]);
  });

  it("INT8 is not named as what would be fast enough", () => {
    const made = plan(network("yolov4"), card, { minFps: 5000 });
    const shortfall = made.diagnostics.find(({ rule }) => rule === "demand.throughput");
    expect(made.verdict).toBe("refused");
    expect(shortfall?.message).toContain("FP16 on the GPU");
    expect(shortfall?.message).not.toContain("INT8");
  });

  it("the builder is named, and how little is known of the card", () => {
    const made = plan(network("resnet18"), card);
    expect(made).toMatchObject({ jetpack: null, tensorrt: "RTX 1.7" });
    expect(made.chosen?.published).toBe(false);
    expect(made.restsOn.join("\n")).toMatch(/nor of any card of a PC: the interval is about/);
    expect(made.restsOn.join("\n")).toMatch(/as TensorRT-RTX 1\.7 built \d+ engines of \d+ models/);
    expect(made.restsOn.join("\n")).not.toContain("TensorRT 8");
    const { latencyMs } = made.chosen ?? {};
    const known = plan(network("resnet18"), "agx-xavier", { accelerator: "gpu" }).chosen?.latencyMs;
    const spread = (band: typeof latencyMs): number =>
      Math.log((band?.high ?? 0) / (band?.low ?? 1));
    expect(spread(latencyMs)).toBeGreaterThan(1.7 * spread(known));
  });
});

describe("FP32 matrix products", () => {
  it("are refused for a T4 with their nodes, and FP16 named", () => {
    const made = plan(network("mobilenet_v2"), "x86-t4", { precision: "fp32" });
    const [error] = made.diagnostics;
    expect(made.verdict).toBe("refused");
    expect(error).toMatchObject({ rule: "gpu.fp32-product", nodes: ["Gemm_208"] });
    expect(error?.message).toMatch(/for compute capability 7\.5; FP16 is estimated at \d+ to/);
    expect(made.chosen?.precision).toBe("fp16");
  });

  it.each([
    ["are taken for an L4", "mobilenet_v2", "x86-l4"],
    ["are not what a T4 computes convolutions with", "fcn_resnet18", "x86-t4"],
    ["are taken for a Jetson", "mobilenet_v2", "agx-xavier"],
  ])("%s", (_label, name, card) => {
    const made = plan(network(name), card, { precision: "fp32" });
    expect(made.verdict).toBe("runs");
    expect(made.chosen?.precision).toBe("fp32");
  });
});

describe.each(CARDS)("on %s, a model of symmetric quantising pairs", (card) => {
  it("runs in INT8, asked for or not", () => {
    for (const precision of ["auto", "int8"] as const) {
      const made = plan(sketch({}), card, { precision });
      expect(made.verdict).toBe("runs");
      expect(made.chosen?.precision).toBe("int8");
      expect(rulesOf(made, "warning")).toEqual([]);
    }
  });

  it("does so in another precision too, with a warning", () => {
    const made = plan(sketch({}), card, { precision: "fp16" });
    expect(made.chosen?.precision).toBe("int8");
    expect(rulesOf(made, "warning")).toEqual(["gpu.typed-graph"]);
  });

  it("is refused at the node whose zero point is not 0", () => {
    const made = plan(sketch({ zeroPoint: 3 }), card);
    expect(made.diagnostics).toMatchObject([{ rule: "onnx.asymmetric", nodes: ["quantise"] }]);
  });
});

it("quantising pairs before a matrix product must be converted to FP16 for a T4, not for an L4", () => {
  const model = sketch({
    after: [{ op: "MatMul", name: "product", inputs: ["c", "m"], outputs: ["out"] }],
    tensors: [{ name: "m", dims: [16, 4], raw: new Uint8Array(4 * 64) }],
  });
  expect(rulesOf(plan(model, "x86-t4"), "info")).toEqual(["gpu.fp16-graph"]);
  expect(rulesOf(plan(model, "x86-l4"), "info")).toEqual([]);
});

describe("what TensorRT-RTX has not", () => {
  it.each(["DeformConv", "NonZero", "NonMaxSuppression"])("is refused by name: %s", (op) => {
    const after = [{ op, name: "it", inputs: ["c"], outputs: ["out"] }];
    const model = sketch({ after });
    expect(plan(model, "x86-l4").diagnostics.find(({ nodes }) => nodes.includes("it"))?.rule).toBe(
      "onnx.rtx-operator",
    );
    expect(
      plan(model, "agx-orin").diagnostics.filter(({ rule }) => rule === "onnx.rtx-operator"),
    ).toEqual([]);
  });

  it.skipIf(!HAS_SHARED_MODELS)(
    `is operators on integers, and the zero point where it stops first${SHARED_SUFFIX}`,
    () => {
      const made = plan(sharedModel("mobilenet_v2_int8_qdq.onnx"), "x86-l4");
      const nodes = (rule: string): string[] =>
        made.diagnostics.filter((one) => one.rule === rule).flatMap((one) => one.nodes);
      expect(made.verdict).toBe("refused");
      expect(nodes("onnx.quantised-operator")).toHaveLength(65);
      expect(nodes("onnx.asymmetric")).toEqual(["input_QuantizeLinear"]);
      expect(made.summary).not.toContain("quantises float models itself");
    },
  );
});

it("a graph in FP16 needs no conversion", () => {
  const model = readModel(
    writeModel({
      inputs: { x: [1, 8, 16, 16] },
      outputs: ["out"],
      tensors: [{ name: "w", dims: [8, 8, 1, 1], type: 10, raw: new Uint8Array(128) }],
      nodes: [
        { op: "Cast", inputs: ["x"], outputs: ["h"], attributes: { to: 10 } },
        { op: "Conv", inputs: ["h", "w"], outputs: ["out"] },
      ],
    }),
  );
  expect(rulesOf(plan(model, "x86-t4"), "info")).toEqual([]);
});
