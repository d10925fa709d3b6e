import { describe, expect, it } from "vitest";
import { OPERATORS } from "../../../fleet/plan/layers/operators.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { type Fact, inferShapes } from "../../../fleet/plan/shapes/index.ts";
import {
  type ModelSketch,
  type NodeSketch,
  type TensorSketch,
  writeModel,
} from "../support/onnx-writer.ts";

/** What is known of the outputs of one node whose first input is `x`. */
function outputs(
  node: NodeSketch,
  x: number[],
  tensors: TensorSketch[] = [],
  opset = 18,
): (Fact | undefined)[] {
  const inputs = node.inputs ?? ["x", ...tensors.map(({ name }) => name)];
  const names = node.outputs ?? ["y"];
  const sketch = { opset, inputs: { x }, outputs: names, tensors };
  const file = writeModel({ ...sketch, nodes: [{ ...node, inputs, outputs: names }] });
  const { facts } = inferShapes(readModel(file));
  return names.map((name) => facts.get(name));
}

const list = (name: string, ...int64: number[]): TensorSketch => ({
  name,
  dims: [int64.length],
  int64,
});
const scales = (...float: number[]): TensorSketch => ({ name: "s", dims: [float.length], float });
const weights = (name: string, ...dims: number[]): TensorSketch => ({ name, dims });
const node = (op: string, attributes: NodeSketch["attributes"] = {}): NodeSketch => ({
  op,
  attributes,
});
const resized = (attributes: NodeSketch["attributes"], inputs: string[]): NodeSketch => ({
  op: "Resize",
  attributes: attributes ?? {},
  inputs,
});

// Each row is a case in which onnx.shape_inference and the reference outputs of its single-node tests gave another
// answer than this reader once did.
describe("the shape that the reference implementation gives", () => {
  it.each<[string, NodeSketch, number[], TensorSketch[], (number | null)[][]]>([
    [
      "a transposed convolution that keeps proportions: input times stride",
      node("ConvTranspose", { auto_pad: "SAME_UPPER", strides: [2, 2] }),
      [1, 1, 3, 3],
      [weights("w", 1, 2, 3, 3)],
      [[1, 2, 6, 6]],
    ],
    [
      "a transposed convolution that says its whole output, batch and channels too",
      node("ConvTranspose", { strides: [3, 2], output_shape: [1, 2, 10, 8] }),
      [1, 1, 3, 3],
      [weights("w", 1, 2, 3, 3)],
      [[1, 2, 10, 8]],
    ],
    [
      "a resize by scales of named axes",
      resized({ axes: [2, 3] }, ["x", "", "s"]),
      [1, 1, 2, 2],
      [scales(2, 3)],
      [[1, 1, 4, 6]],
    ],
    [
      "a resize by sizes of axes in another order",
      resized({ axes: [3, 2] }, ["x", "", "", "s"]),
      [1, 1, 2, 2],
      [list("s", 8, 7)],
      [[1, 1, 7, 8]],
    ],
    [
      "a resize that may not be larger than asked",
      resized({ axes: [2, 3], keep_aspect_ratio_policy: "not_larger" }, ["x", "", "", "s"]),
      [1, 1, 2, 2],
      [list("s", 7, 8)],
      [[1, 1, 7, 7]],
    ],
    [
      "a resize that may not be smaller than asked",
      resized({ axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" }, ["x", "", "", "s"]),
      [1, 1, 2, 4],
      [list("s", 1, 3)],
      [[1, 1, 2, 3]],
    ],
    [
      "a recurrent layer whose batch comes first",
      { ...node("LSTM", { layout: 1, hidden_size: 7 }), outputs: ["y", "h", "c"] },
      [3, 1, 2],
      [weights("w", 1, 28, 2), weights("r", 1, 28, 7)],
      [
        [3, 1, 1, 7],
        [3, 1, 7],
        [3, 1, 7],
      ],
    ],
    [
      "a layer normalisation with its mean and deviation",
      { ...node("LayerNormalization", { axis: 2 }), outputs: ["y", "mean", "deviation"] },
      [2, 3, 4, 5],
      [weights("w", 4, 5), weights("b", 4, 5)],
      [
        [2, 3, 4, 5],
        [2, 3, 1, 1],
        [2, 3, 1, 1],
      ],
    ],
    ["the triangle of a matrix", node("Trilu"), [4, 5], [], [[4, 5]]],
    [
      "elements by index",
      node("GatherElements", { axis: 1 }),
      [2, 2],
      [list("i", 0, 0)].map((one) => ({ ...one, dims: [2, 1] })),
      [[2, 1]],
    ],
    [
      "slices by tuples of indices",
      node("GatherND", { batch_dims: 1 }),
      [2, 3, 4],
      [{ name: "i", dims: [2, 1], int64: [1, 0] }],
      [[2, 4]],
    ],
    [
      "one-hot vectors along an inner axis",
      node("OneHot", { axis: 1 }),
      [2, 3],
      [{ name: "d", dims: [], int64: [10] }, { ...weights("v", 2) }],
      [[2, 10, 3]],
    ],
    [
      "a batched matrix product of an einsum",
      node("Einsum", { equation: "bij, bjk -> bik" }),
      [5, 2, 3],
      [weights("w", 5, 3, 4)],
      [[5, 2, 4]],
    ],
    [
      "an einsum with open axes",
      node("Einsum", { equation: "...ii->...i" }),
      [3, 5, 5],
      [],
      [[3, 5]],
    ],
    ["an einsum without an arrow", node("Einsum", { equation: "ij" }), [3, 4], [], [[3, 4]]],
    ["positions that are not zero", node("NonZero"), [2, 3], [], [[2, null]]],
  ])("after %s", (_label, subject, x, tensors, expected) => {
    expect(outputs(subject, x, tensors).map((fact) => fact?.dims)).toEqual(expected);
  });

  it.each([
    ["IsNaN", "bool"],
    ["IsInf", "bool"],
    ["Xor", "bool"],
  ])("has the element type after %s: %s", (op, type) => {
    expect(outputs(node(op), [2])[0]?.type).toBe(type);
  });

  it("reads half floats that stand as bits in a field of integers", () => {
    const bits = (type: number, ...int32: number[]): unknown =>
      outputs(
        { op: "Identity", inputs: ["w"] },
        [1],
        [{ name: "w", dims: [int32.length], type, int32 }],
      )[0]?.values;
    expect(bits(10, 0x3c00, 0xc000)).toEqual([1, -2]);
    expect(bits(16, 0x3f80, 0xc000)).toEqual([1, -2]);
  });

  it.each([
    [0, [1, 1]],
    [1, [-1, 1]],
  ])("takes the remainder's sign as fmod %i says", (fmod, expected) => {
    const [a, b] = [list("a", -5, 4), list("b", 3, 3)];
    const subject = { ...node("Mod", { fmod }), inputs: ["a", "b"] };
    const values = outputs(subject, [1], [a, b])[0]?.values;
    expect(values).toEqual(fmod === 1 ? [-2, 1] : expected);
  });

  it("does not pass a value through a dropout that may be training", () => {
    const tensors = [list("v", 1, 2), { name: "r", dims: [], float: [0.5] }];
    const passes = { ...node("Dropout"), inputs: ["v", "r"] };
    expect(outputs(passes, [1], tensors)[0]?.values).toEqual([1, 2]);
    const trains = { ...node("Dropout"), inputs: ["v", "r", "x"] };
    expect(outputs(trains, [1], tensors)[0]?.values).toBeNull();
  });

  it("takes the branch of a constant condition, and what both have in common otherwise", () => {
    const branch = (perm: number[]): ModelSketch => ({
      outputs: ["out"],
      nodes: [{ op: "Transpose", inputs: ["x"], outputs: ["out"], attributes: { perm } }],
    });
    const subject = node("If", {
      then_branch: { graph: branch([0, 1, 2]) },
      else_branch: { graph: branch([0, 2, 1]) },
    });
    const condition: TensorSketch = { name: "c", dims: [1], type: 9, raw: new Uint8Array([0]) };
    expect(outputs({ ...subject, inputs: ["c"] }, [2, 3, 4], [condition])[0]?.dims).toEqual([
      2, 4, 3,
    ]);
    expect(outputs({ ...subject, inputs: ["x"] }, [2, 3, 4])[0]?.dims).toEqual([2, null, null]);
  });
});

it("knows a shape, or that none can be known, for every operator that a parser takes", () => {
  const strangers = [...OPERATORS.keys()].filter((op) => {
    const file = writeModel({
      inputs: { x: [1, 4, 8, 8] },
      nodes: [{ op, inputs: ["x"], outputs: ["y"] }],
    });
    return inferShapes(readModel(file)).unknownOps.length > 0;
  });
  expect(strangers).toEqual([]);
});
