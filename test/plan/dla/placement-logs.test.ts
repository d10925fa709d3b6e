import { describe, expect, it } from "vitest";
import { judge } from "../../../fleet/plan/dla/index.ts";
import { type Layer, mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { layer } from "../support/layers.ts";
import { network } from "../support/models.ts";

// Excerpts of public build logs of Xavier units, none of which a rule was written from.
const TENSORRT_7_1 = { trt: 701, precision: "int8", generation: 1 } as const;
const TENSORRT_6 = { trt: 600, precision: "fp16", generation: 1 } as const;

function layersOf(name: string, trt: number): Layer[] {
  return mapGraph(inferShapes(network(name)), trt).layers;
}

function devices(
  layers: readonly Layer[],
  context: Parameters<typeof judge>[1],
): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const one of layers) {
    const set = found.get(one.op) ?? new Set<string>();
    found.set(one.op, set.add(judge(one, context) === null ? "dla" : "gpu"));
  }
  return found;
}

describe("YOLOv4-608 on Xavier NX, TensorRT 7.1 (jkjung-avt/tensorrt_demos, issue 200)", () => {
  const found = devices(layersOf("yolov4", 701), TENSORRT_7_1);

  it("runs Tanh, the product of Mish and the next convolution on DLA, as the log lists them in one subgraph", () => {
    expect(found.get("Tanh")).toEqual(new Set(["dla"]));
    expect(found.get("Mul")).toEqual(new Set(["dla"]));
    expect(found.get("Conv")).toEqual(new Set(["dla"]));
  });

  it("leaves Softplus to the GPU: no subgraph of the log has it", () => {
    expect(found.get("Softplus")).toEqual(new Set(["gpu"]));
  });
});

describe("YOLOv3-416 on AGX Xavier, TensorRT 5 or 6 (lewes6369/TensorRT-Yolov3, issue 86)", () => {
  const found = devices(layersOf("yolov3", 600), TENSORRT_6);

  it("leaves every leaky activation to the GPU", () => {
    expect(found.get("LeakyRelu")).toEqual(new Set(["gpu"]));
  });

  it("leaves upsampling to the GPU", () => {
    expect(found.get("Resize")).toEqual(new Set(["gpu"]));
  });

  it("keeps convolutions and shortcuts, which the log does not name as falling back", () => {
    expect(found.get("Conv")).toEqual(new Set(["dla"]));
    expect(found.get("Add")).toEqual(new Set(["dla"]));
  });

  it("refuses a route of one input: 'Concatenation on DLA requires at least two inputs'", () => {
    const route = layer({ kind: "concatenation", op: "Concat", axis: 1 });
    expect(judge(route, TENSORRT_6)?.message).toContain("at least two inputs");
  });
});

describe("ResNet-50 on Xavier NX, TensorRT 7.1 (NVIDIA-AI-IOT/jetson_benchmarks, issue 8)", () => {
  it("is one DLA subgraph from the first convolution through all blocks", () => {
    const layers = layersOf("resnet50", 701);
    const blocks = layers.filter(({ kind }) =>
      ["convolution", "activation", "elementwise", "pooling"].includes(kind),
    );
    expect(blocks.map((one) => judge(one, TENSORRT_7_1))).toEqual(blocks.map(() => null));
  });
});

describe("ShuffleNet on Xavier (onnx/tensorflow-onnx, issue 1632)", () => {
  it("falls back where a dimension is open, and for every split", () => {
    const open = layer({ inputs: [{ name: "x", dims: [-1, 24, 56, 56] }] });
    expect(judge(open, TENSORRT_7_1)?.rule).toBe("dla.dynamic-shape");
    const split = layer({ kind: "slice", op: "Split", axes: [1] });
    expect(judge(split, TENSORRT_7_1)?.rule).toBe("dla.slice");
  });
});
