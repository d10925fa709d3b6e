import { describe, expect, it } from "vitest";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes, known } from "../../../fleet/plan/shapes/index.ts";
import { type NodeSketch, type TensorSketch, writeModel } from "../support/onnx-writer.ts";

const weights = (name: string, ...dims: number[]): TensorSketch => ({ name, dims });
const list = (name: string, ...int64: number[]): TensorSketch => ({
  name,
  dims: [int64.length],
  int64,
});
const scalar = (name: string, value: number): TensorSketch => ({ name, dims: [], int64: [value] });
const node = (
  op: string,
  inputs: string,
  outputs: string,
  attributes: NodeSketch["attributes"] = {},
): NodeSketch => ({
  op,
  inputs: inputs.split(" ").map((name) => (name === "-" ? "" : name)),
  outputs: outputs.split(" "),
  attributes: attributes ?? {},
});

interface Pattern {
  of: string;
  opset: number;
  x: (number | string)[];
  nodes: NodeSketch[];
  tensors: TensorSketch[];
  /** Shape of `y`; null where only the board knows how many there are. */
  y: (number | null)[];
  /** First TensorRT whose parser takes it all. */
  since: number;
}

// Parts of exported networks, operator by operator as torch.onnx writes them.
const PATTERNS: readonly Pattern[] = [
  {
    of: "YOLOv5: four slices in place of a focus layer",
    opset: 11,
    x: [1, 3, 640, 640],
    nodes: [
      ...[0, 1].flatMap((row) =>
        [0, 1].flatMap((column) => [
          node("Slice", `x s${row} end two step`, `r${row}${column}`),
          node("Slice", `r${row}${column} s${column} end three step`, `q${row}${column}`),
        ]),
      ),
      node("Concat", "q00 q10 q01 q11", "y", { axis: 1 }),
    ],
    tensors: [
      list("s0", 0),
      list("s1", 1),
      list("end", 2 ** 31),
      list("two", 2),
      list("three", 3),
      list("step", 2),
    ],
    y: [1, 12, 320, 320],
    since: 0,
  },
  {
    of: "YOLOv5: a head that is reshaped by the arithmetic on its own shape",
    opset: 12,
    x: ["batch", 255, 20, 20],
    nodes: [
      node("Shape", "x", "shape"),
      node("Gather", "shape i0", "n", { axis: 0 }),
      node("Gather", "shape i2", "h", { axis: 0 }),
      node("Gather", "shape i3", "w", { axis: 0 }),
      ...["n", "h", "w"].map((name) => node("Unsqueeze", name, `${name}1`, { axes: [0] })),
      node("Concat", "n1 three c85 h1 w1", "to", { axis: 0 }),
      node("Reshape", "x to", "five"),
      node("Transpose", "five", "turned", { perm: [0, 1, 3, 4, 2] }),
      node("Sigmoid", "turned", "sure"),
      node("Split", "sure", "xy wh rest", { axis: 4, split: [2, 2, 81] }),
      node("Mul", "xy grid", "xy2"),
      node("Pow", "wh two", "wh2"),
      node("Concat", "xy2 wh2 rest", "all", { axis: 4 }),
      node("Reshape", "all flat", "y"),
    ],
    tensors: [
      ...[scalar("i0", 0), scalar("i2", 2), scalar("i3", 3), list("three", 3), list("c85", 85)],
      ...[
        weights("grid", 1, 3, 20, 20, 2),
        { name: "two", dims: [], float: [2] },
        list("flat", 1, -1, 85),
      ],
    ],
    y: [1, 1200, 85],
    since: 0,
  },
  {
    of: "YOLOv8: distribution focal loss, softmax and a fixed convolution",
    opset: 17,
    x: [1, 64, 8400],
    nodes: [
      node("Reshape", "x to", "four"),
      node("Transpose", "four", "turned", { perm: [0, 2, 1, 3] }),
      node("Softmax", "turned", "soft", { axis: 1 }),
      node("Conv", "soft w", "one"),
      node("Reshape", "one back", "boxes"),
      node("Slice", "boxes zero half axis", "left"),
      node("Slice", "boxes half end axis", "right"),
      node("Sub", "anchors left", "corner"),
      node("Add", "anchors right", "other"),
      node("Concat", "corner other", "y", { axis: 1 }),
    ],
    tensors: [
      ...[list("to", 1, 4, 16, 8400), list("back", 1, 4, 8400), weights("w", 1, 16, 1, 1)],
      ...[
        list("zero", 0),
        list("half", 2),
        list("end", 4),
        list("axis", 1),
        weights("anchors", 1, 2, 8400),
      ],
    ],
    y: [1, 4, 8400],
    since: 0,
  },
  {
    of: "YOLOv10: the best candidates without suppression",
    opset: 17,
    x: [1, 8400, 80],
    nodes: [
      node("ReduceMax", "x", "best", { axes: [-1], keepdims: 0 }),
      node("TopK", "best k", "scores at", { axis: -1 }),
      node("Unsqueeze", "at last", "at1"),
      node("Expand", "at1 wide", "at80"),
      node("GatherElements", "x at80", "chosen", { axis: 1 }),
      node("Flatten", "chosen", "flat", { axis: 1 }),
      node("TopK", "flat k", "s index", { axis: -1 }),
      node("Mod", "index classes", "class"),
      node("Unsqueeze", "class last", "y"),
    ],
    tensors: [list("k", 300), list("last", -1), list("wide", 1, 300, 80), scalar("classes", 80)],
    y: [1, 300, 1],
    since: 805,
  },
  {
    of: "EfficientNet: squeeze and excitation with SiLU",
    opset: 13,
    x: [1, 96, 56, 56],
    nodes: [
      node("GlobalAveragePool", "x", "pooled"),
      node("Conv", "pooled w1 b1", "small"),
      node("Sigmoid", "small", "gate"),
      node("Mul", "small gate", "silu"),
      node("Conv", "silu w2 b2", "large"),
      node("Sigmoid", "large", "scale"),
      node("Mul", "scale x", "y"),
    ],
    tensors: [
      weights("w1", 4, 96, 1, 1),
      weights("b1", 4),
      weights("w2", 96, 4, 1, 1),
      weights("b2", 96),
    ],
    y: [1, 96, 56, 56],
    since: 0,
  },
  {
    of: "MobileNetV3: HardSwish as one operator",
    opset: 14,
    x: [1, 16, 112, 112],
    nodes: [
      node("HardSwish", "x", "h"),
      node("Conv", "h w", "y", {
        group: 16,
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        strides: [2, 2],
      }),
    ],
    tensors: [weights("w", 16, 1, 3, 3)],
    y: [1, 16, 56, 56],
    since: 804,
  },
  {
    of: "MobileNetV3: HardSwish as HardSigmoid and product",
    opset: 13,
    x: [1, 16, 112, 112],
    nodes: [node("HardSigmoid", "x", "h", { alpha: { float: 1 / 6 } }), node("Mul", "x h", "y")],
    tensors: [],
    y: [1, 16, 112, 112],
    since: 0,
  },
  {
    of: "ViT: patches, a class token and attention",
    opset: 17,
    x: [1, 3, 224, 224],
    nodes: [
      node("Conv", "x w", "patches", { strides: [16, 16], kernel_shape: [16, 16] }),
      node("Reshape", "patches to", "rows"),
      node("Transpose", "rows", "tokens", { perm: [0, 2, 1] }),
      node("Concat", "class tokens", "all", { axis: 1 }),
      node("LayerNormalization", "all g b", "normal", { axis: -1 }),
      node("MatMul", "normal qkv", "wide"),
      node("Reshape", "wide heads", "five"),
      node("Transpose", "five", "turned", { perm: [2, 0, 3, 1, 4] }),
      ...["q", "k", "v"].map((name, at) => node("Gather", `turned i${at}`, name, { axis: 0 })),
      node("Transpose", "k", "kt", { perm: [0, 1, 3, 2] }),
      node("MatMul", "q kt", "scores"),
      node("Softmax", "scores", "soft", { axis: -1 }),
      node("MatMul", "soft v", "seen"),
      node("Transpose", "seen", "back", { perm: [0, 2, 1, 3] }),
      node("Reshape", "back flat", "y"),
    ],
    tensors: [
      ...[weights("w", 192, 3, 16, 16), list("to", 1, 192, -1), weights("class", 1, 1, 192)],
      ...[
        weights("g", 192),
        weights("b", 192),
        weights("qkv", 192, 576),
        list("heads", 1, 197, 3, 3, 64),
      ],
      ...[scalar("i0", 0), scalar("i1", 1), scalar("i2", 2), list("flat", 1, 197, 192)],
    ],
    y: [1, 197, 192],
    since: 806,
  },
  {
    of: "Swin: rolled windows, and attention as an einsum",
    opset: 17,
    x: [1, 56, 56, 96],
    nodes: [
      node("Slice", "x three end one", "below"),
      node("Slice", "x zero three one", "above"),
      node("Concat", "below above", "rolled", { axis: 1 }),
      node("Reshape", "rolled six", "windows"),
      node("Transpose", "windows", "turned", { perm: [0, 1, 3, 2, 4, 5] }),
      node("Reshape", "turned rows", "tokens"),
      node("Einsum", "tokens tokens", "scores", { equation: "bnc,bmc->bnm" }),
      node("Add", "scores mask", "masked"),
      node("Softmax", "masked", "soft", { axis: -1 }),
      node("Einsum", "soft tokens", "seen", { equation: "bnm,bmc->bnc" }),
      node("Gelu", "seen", "y"),
    ],
    tensors: [
      ...[
        list("three", 3),
        list("end", 2 ** 31),
        list("one", 1),
        list("zero", 0),
        list("six", 1, 8, 7, 8, 7, 96),
      ],
      ...[list("rows", -1, 49, 96), weights("mask", 64, 49, 49)],
    ],
    y: [64, 49, 96],
    since: 1000,
  },
  {
    of: "RT-DETR: queries by index, and sampling of a feature map",
    opset: 16,
    x: [1, 256, 80, 80],
    nodes: [
      node("Reshape", "x to", "rows"),
      node("Transpose", "rows", "memory", { perm: [0, 2, 1] }),
      node("ReduceMax", "memory", "best", { axes: [-1], keepdims: 0 }),
      node("TopK", "best k", "s at", { axis: 1 }),
      node("Unsqueeze", "at last", "at1"),
      node("Tile", "at1 wide", "index"),
      node("GatherElements", "memory index", "queries", { axis: 1 }),
      node("MatMul", "queries w", "offsets"),
      node("Reshape", "offsets grid", "places"),
      node("GridSample", "x places", "sampled"),
      node("Reshape", "sampled flat", "y"),
    ],
    tensors: [
      ...[list("to", 1, 256, -1), list("k", 300), list("last", -1), list("wide", 1, 1, 256)],
      ...[weights("w", 256, 8), list("grid", 1, 300, 4, 2), list("flat", 1, 256, 300, 4)],
    ],
    y: [1, 256, 300, 4],
    since: 805,
  },
  {
    of: "SSD: suppression inside the model, and the boxes it chose",
    opset: 13,
    x: [1, 1917, 4],
    nodes: [
      node("NonMaxSuppression", "x scores most overlap least", "chosen"),
      node("Slice", "chosen two three axis", "column"),
      node("Squeeze", "column axis", "index"),
      node("Squeeze", "x zero", "boxes"),
      node("Gather", "boxes index", "y", { axis: 0 }),
    ],
    tensors: [
      ...[
        weights("scores", 1, 91, 1917),
        list("most", 100),
        { name: "overlap", dims: [1], float: [0.6] },
      ],
      ...[
        { name: "least", dims: [1], float: [0.01] },
        list("two", 2),
        list("three", 3),
        list("axis", 1),
        list("zero", 0),
      ],
    ],
    y: [null, 4],
    since: 800,
  },
  {
    of: "NanoDet: a channel shuffle and a resize by scales",
    opset: 11,
    x: [1, 116, 20, 20],
    nodes: [
      node("Reshape", "x pairs", "five"),
      node("Transpose", "five", "turned", { perm: [0, 2, 1, 3, 4] }),
      node("Reshape", "turned four", "shuffled"),
      node("Split", "shuffled", "a b", { axis: 1, split: [58, 58] }),
      node("LeakyRelu", "b", "active", { alpha: { float: 0.1 } }),
      node("Concat", "a active", "all", { axis: 1 }),
      node("Resize", "all - scales", "y", {
        mode: "linear",
        coordinate_transformation_mode: "pytorch_half_pixel",
      }),
    ],
    tensors: [
      list("pairs", 1, 2, 58, 20, 20),
      list("four", 1, 116, 20, 20),
      { name: "scales", dims: [4], float: [1, 1, 2, 2] },
    ],
    y: [1, 116, 40, 40],
    since: 600,
  },
];

describe.each(PATTERNS)("$of", ({ opset, x, nodes, tensors, y, since }) => {
  const shaped = inferShapes(
    readModel(writeModel({ opset, inputs: { x }, outputs: ["y"], nodes, tensors })),
  );

  it("has a shape everywhere that the file alone decides", () => {
    expect(shaped.unknownOps).toEqual([]);
    expect(shaped.facts.get("y")?.dims).toEqual(y);
    const open = shaped.live
      .flatMap(({ outputs }) => outputs)
      .filter((name) => !known(shaped.facts.get(name)?.dims ?? null));
    if (known(y)) expect(open).toEqual([]);
  });

  it("is refused by parsers that do not know an operator, and by no later one", () => {
    const before = [501, 600, 701, 800, 802, 804, 805, 806, 1000].filter((trt) => trt < since);
    const later = [501, 600, 701, 800, 802, 804, 805, 806, 1000].filter((trt) => trt >= since);
    const refused = (trt: number): number => mapGraph(shaped, trt).refusals.length;
    expect(before.filter((trt) => refused(trt) === 0)).toEqual([]);
    expect(later.filter((trt) => refused(trt) > 0)).toEqual([]);
  });
});
