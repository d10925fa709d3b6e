import { describe, expect, it } from "vitest";
import {
  type MappedGraph,
  mapGraph,
  parserOpset,
  trtNumber,
} from "../../../fleet/plan/layers/index.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { network } from "../support/models.ts";
import { type NodeSketch, type TensorSketch, writeModel } from "../support/onnx-writer.ts";

function mapped(
  node: NodeSketch,
  trt: number,
  tensors: TensorSketch[] = [],
  opset = 13,
): MappedGraph {
  const inputs = ["x", ...tensors.map(({ name }) => name)];
  const file = writeModel({
    opset,
    inputs: { x: [1, 8, 16, 16] },
    outputs: ["y"],
    nodes: [{ inputs, outputs: ["y"], name: "n", ...node }],
    tensors,
  });
  return mapGraph(inferShapes(readModel(file)), trt);
}

describe("an ONNX node", () => {
  it.each([
    ["HardSwish", 802, "onnx.operator-version"],
    ["HardSwish", 804, null],
    ["Mish", 805, "onnx.operator-version"],
    ["Mish", 1003, null],
    ["GridSample", 804, "onnx.operator-version"],
    ["GridSample", 805, null],
    ["ConvInteger", 1003, "onnx.quantised-operator"],
    ["FancyOp", 1003, "onnx.operator"],
    ["Relu", 501, null],
    ["Reciprocal", 501, null],
    ["ArgMax", 501, null],
    ["Asinh", 501, null],
    ["PRelu", 501, "onnx.operator-version"],
    ["PRelu", 600, null],
    ["If", 700, "onnx.operator-version"],
    ["If", 701, "onnx.initializer"],
    ["If", 800, null],
    ["LpNormalization", 701, "onnx.operator-version"],
    ["LpNormalization", 702, null],
    ["Scatter", 800, "onnx.operator-version"],
    ["Scatter", 802, null],
    ["CastLike", 806, "onnx.operator-version"],
    ["CastLike", 1000, null],
    ["DeformConv", 1000, "onnx.operator-version"],
    ["DeformConv", 1001, null],
  ])("%s on TensorRT %i is refused by %s", (op, trt, rule) => {
    expect(mapped({ op }, trt).refusals[0]?.rule ?? null).toBe(rule);
  });

  it("of another domain is refused with its domain in the name", () => {
    expect(mapped({ op: "Relu", domain: "acme" }, 802).refusals[0]?.op).toBe("acme.Relu");
  });

  it("that adds one value per channel is a scale, and one of another shape is elementwise", () => {
    expect(mapped({ op: "Add" }, 802, [{ name: "b", dims: [1, 8, 1, 1] }]).layers[0]?.kind).toBe(
      "scale",
    );
    expect(mapped({ op: "Add" }, 802, [{ name: "b", dims: [16, 16] }]).layers[0]?.kind).toBe(
      "elementwise",
    );
  });

  it("costs two operations a multiply-add", () => {
    const conv = mapped({ op: "Conv", attributes: { pads: [1, 1, 1, 1] } }, 802, [
      { name: "w", dims: [4, 8, 3, 3] },
    ]);
    expect(conv.layers[0]?.flops).toBe(2 * 4 * 16 * 16 * 8 * 9);
    expect(conv.layers[0]?.weightElements).toBe(288);
  });

  it("of a newer operator set than the parser names gives a warning", () => {
    expect(mapped({ op: "Relu" }, 802, [], 17).warnings[0]).toContain(
      "operator set 17 is newer than 13",
    );
    expect(mapped({ op: "Relu" }, 804, [], 17).warnings).toEqual([]);
  });
});

it.each([
  ["5.0.6", 500, 9],
  ["7.1.3", 701, 11],
  ["8.2.1", 802, 13],
  ["8.5.2", 805, 17],
  ["10.16.2", 1016, 20],
])("TensorRT %s compares as %i and parses operator set %i", (version, number, opset) => {
  expect(trtNumber(version)).toBe(number);
  expect(parserOpset(number)).toBe(opset);
});

// Published by the authors, or counted by others: two operations a multiply-add.
it.each([
  ["resnet50", 8.2],
  ["vgg16", 31],
  ["mobilenet_v2", 0.61],
  ["yolov4", 60],
  ["yolov3", 140.7],
  ["ssd_resnet34", 433],
])("%s costs %f GFLOP", (name, gflops) => {
  const { layers } = mapGraph(inferShapes(network(name)), 802);
  const total = layers.reduce((sum, { flops }) => sum + flops, 0) / 1e9;
  expect(Math.abs(total / gflops - 1)).toBeLessThan(0.02);
});
