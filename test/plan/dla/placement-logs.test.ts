import { describe, expect, it } from "vitest";
import { judge, maxLoadables, placeOnDla } from "../../../fleet/plan/dla/index.ts";
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

/** The network as Darknet writes it: a normalisation stands behind every convolution and is a layer of its own. */
function withNormalisations(layers: readonly Layer[]): Layer[] {
  return layers
    .flatMap((one): Layer[] => {
      const [output] = one.outputs;
      if (one.kind !== "convolution" || !output) return [one];
      const inner = { ...output, name: `${output.name} before normalisation` };
      return [
        { ...one, outputs: [inner] },
        { ...one, kind: "scale", op: "BatchNormalization", inputs: [inner], outputs: [output] },
      ];
    })
    .map((one, index) => ({ ...one, index }));
}

/** Numbers of Darknet's layers, in the order in which our graph of YOLOv4 has its convolutions. */
function darknetNumbers(): number[] {
  const stage = (down: number, blocks: number): number[] => {
    const inner = Array.from({ length: blocks }, (_, at) => [down + 4 + 3 * at, down + 5 + 3 * at]);
    const tail = down + 4 + 3 * blocks;
    return [down, down + 3, ...inner.flat(), tail, down + 1, tail + 2];
  };
  return [1, ...stage(2, 1), ...stage(12, 2), ...stage(25, 8), ...stage(56, 8), ...stage(87, 4)];
}

describe("YOLOv4-608 on Xavier NX, TensorRT 7.1 (jkjung-avt/tensorrt_demos, issue 200)", () => {
  const layers = layersOf("yolov4", 701);
  const found = devices(layers, TENSORRT_7_1);

  it("runs Tanh, the product of Mish and the next convolution on DLA, as the log lists them in one subgraph", () => {
    expect(found.get("Tanh")).toEqual(new Set(["dla"]));
    expect(found.get("Mul")).toEqual(new Set(["dla"]));
    expect(found.get("Conv")).toEqual(new Set(["dla"]));
  });

  it("leaves Softplus to the GPU: no subgraph of the log has it", () => {
    expect(found.get("Softplus")).toEqual(new Set(["gpu"]));
  });

  it("keeps the eight subgraphs that the log lists, layer by layer", () => {
    const separate = withNormalisations(layers);
    const numbers = darknetNumbers();
    const convolutions = separate.filter(({ kind }) => kind === "convolution");
    const numberOf = new Map(convolutions.map(({ name }, at) => [name, numbers[at] ?? 131]));
    const kept = placeOnDla(separate, TENSORRT_7_1).segments.filter(
      ({ device }) => device === "dla",
    );
    const shown = kept.map(({ layers: inside }) => {
      const convs = inside.filter(({ kind }) => kind === "convolution");
      return {
        layers: inside.length,
        convolutions: convs.map(({ name }) => numberOf.get(name) ?? 0).sort((a, b) => a - b),
      };
    });
    // The log names six layers in each, among them the normalisations.
    expect(shown).toEqual(
      [[3, 5], [6], [13, 15], [16], [26, 28], [29], [56, 131], [57, 59]].map((convs) => ({
        layers: 6,
        convolutions: convs,
      })),
    );
  });
});

describe("YOLOv4 of another exporter, TensorRT 7 (same issue, another user's build)", () => {
  it("keeps the same subgraphs but the last, whose place one of seven layers takes", () => {
    const separate = withNormalisations(layersOf("yolov4", 701));
    const numbers = darknetNumbers();
    const convolutions = separate.filter(({ kind }) => kind === "convolution");
    // Three scales of that exporter's decoding depend on no layer that runs on the GPU before the second convolution.
    const stem = separate.find(({ op }) => op === "Tanh");
    const scales = [0, 1, 2].map((at) => ({
      ...layer({ kind: "scale", op: "Mul", operation: "PROD" }),
      inputs: stem?.inputs ?? [],
      outputs: [{ name: `scale ${at}`, dims: stem?.inputs[0]?.dims ?? [] }],
      index: separate.length + at,
    }));
    const kept = placeOnDla([...separate, ...scales], TENSORRT_7_1).segments.filter(
      ({ device }) => device === "dla",
    );
    const shown = kept.map(({ layers: inside }) =>
      inside
        .filter(({ kind }) => kind === "convolution")
        .map(({ name }) => numbers[convolutions.findIndex((one) => one.name === name)] ?? 131)
        .sort((a, b) => a - b),
    );
    // As the log has them: Conv_5, then the eight of the first log without {57, 59}.
    expect(shown).toEqual([[2], [3, 5], [6], [13, 15], [16], [26, 28], [29], [56, 131]]);
    expect(kept[0]?.layers).toHaveLength(7);
  });
});

// "DLA supports only N subgraphs per DLA core", verbatim in public build logs.
it.each([
  ["AGX Xavier, TensorRT 5 or 6 (lewes6369/TensorRT-Yolov3, issue 86)", 600, 8],
  ["Xavier NX, TensorRT 7.1 (marcoslucianops/DeepStream-Yolo, issue 27)", 701, 8],
  [
    "AGX Xavier and Xavier NX, L4T R35.6.4, TensorRT 8.5.2 (a public compiler test of a segmentation network)",
    805,
    16,
  ],
])("a core takes as many subgraphs as the log of %s says", (_log, trt, most) => {
  expect(maxLoadables(trt)).toBe(most);
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

  it("gives no convolution from the 61st layer on a place among the eight subgraphs, as the log names them", () => {
    // Darknet's numbers of the 52 convolutions of the trunk; shortcuts and heads have numbers between and behind.
    const stage = (down: number, blocks: number): number[] => [
      down,
      ...Array.from({ length: blocks }, (_, at) => [down + 1 + 3 * at, down + 2 + 3 * at]).flat(),
    ];
    const numbers = [
      1,
      ...stage(2, 1),
      ...stage(6, 2),
      ...stage(13, 8),
      ...stage(38, 8),
      ...stage(63, 4),
    ];
    const separate = withNormalisations(layersOf("yolov3", 600));
    const { placements, segments } = placeOnDla(separate, TENSORRT_6);
    const dropped = separate
      .filter(({ kind }) => kind === "convolution")
      .flatMap(({ index }, at) =>
        placements[index]?.objection?.rule === "dla.loadables" ? [numbers[at] ?? 76] : [],
      );
    expect(segments.filter(({ device }) => device === "dla")).toHaveLength(8);
    expect(dropped).toEqual(expect.arrayContaining([61, 63, 64, 65, 67, 68, 70, 71, 73, 74, 76]));
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
