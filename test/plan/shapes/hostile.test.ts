import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFleetError } from "../../../fleet/errors/index.ts";
import { OPERATORS } from "../../../fleet/plan/layers/operators.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import {
  type AttributeSketch,
  type NodeSketch,
  type TensorSketch,
  writeModel,
} from "../support/onnx-writer.ts";

/** The reason for which a model is refused, or `accepted`; any other error fails the test. */
function verdict(node: NodeSketch, x: number[], tensors: TensorSketch[] = [], opset = 13): string {
  try {
    inferShapes(
      readModel(writeModel({ opset, inputs: { x }, nodes: [node], tensors, outputs: ["y"] })),
    );
  } catch (error) {
    if (isFleetError(error, "MODEL_INVALID")) return error.message;
    throw error;
  }
  return "accepted";
}

describe("a graph that contradicts itself is refused with its node", () => {
  it.each<[string, NodeSketch, number[], TensorSketch[], string]>([
    [
      "channels that the weights do not take",
      { op: "Conv", inputs: ["x", "w"] },
      [1, 4, 8, 8],
      [{ name: "w", dims: [8, 3, 3, 3] }],
      "4 input channels where the weights take 3",
    ],
    [
      "a kernel of another rank",
      { op: "Conv", inputs: ["x", "w"] },
      [1, 3, 8],
      [{ name: "w", dims: [8, 3, 3, 3] }],
      "a kernel of rank 2 on an input of rank 3",
    ],
    [
      "operands that do not broadcast",
      { op: "Add", inputs: ["x", "w"] },
      [1, 3, 8],
      [{ name: "w", dims: [5] }],
      "operands of 8 and 5 elements do not broadcast",
    ],
    [
      "a product of a row and a column of other lengths",
      { op: "MatMul", inputs: ["x", "w"] },
      [1, 8],
      [{ name: "w", dims: [7, 2] }],
      "a row of 8 meets a column of 7",
    ],
    [
      "a reshape to another number of elements",
      { op: "Reshape", inputs: ["x", "s"] },
      [1, 8],
      [{ name: "s", dims: [2], int64: [3, 3] }],
      "8 elements cannot have the shape 3×3",
    ],
    [
      "joined values that differ beside the axis",
      { op: "Concat", inputs: ["x", "w"], attributes: { axis: 1 } },
      [1, 2, 4],
      [{ name: "w", dims: [1, 2, 5] }],
      "operands of 4 and 5 along axis 2 do not join",
    ],
    [
      "blocks that do not divide the channels",
      { op: "DepthToSpace", inputs: ["x"], attributes: { blocksize: 3 } },
      [1, 8, 2, 2],
      [],
      "no whole number",
    ],
    [
      "a resize by no number",
      { op: "Resize", inputs: ["x", "", "s"] },
      [1, 1, 2, 2],
      [{ name: "s", dims: [4], float: [1, 1, Number.NaN, 1] }],
      "no whole number",
    ],
    [
      "an axis far beyond the rank",
      { op: "Slice", inputs: ["x", "a", "b", "c"] },
      [4],
      [
        { name: "a", dims: [1], int64: [0] },
        { name: "b", dims: [1], int64: [2] },
        { name: "c", dims: [1], int64: [17_792_554] },
      ],
      "axis 17792554 of a value of rank 1",
    ],
    [
      "a transposition that names an axis twice",
      { op: "Transpose", inputs: ["w"], attributes: { perm: [0, 0] } },
      [4],
      [{ name: "w", dims: [2], int64: [1, 2] }],
      "0, 0 is no order of 1 axes",
    ],
    [
      "a constant of a negative shape",
      { op: "ConstantOfShape", inputs: ["w"] },
      [4],
      [{ name: "w", dims: [1], int64: [-5] }],
      "-5 is no shape",
    ],
    [
      "a tile that no memory holds",
      { op: "Tile", inputs: ["x", "s"] },
      [1000, 1000],
      [{ name: "s", dims: [2], int64: [2_000_000, 2_000_000] }],
      "elements, more than",
    ],
  ])("%s", (_label, node, x, tensors, reason) => {
    const refused = verdict({ name: "bad", outputs: ["y"], ...node }, x, tensors);
    expect(refused).toContain(reason);
    expect(refused).toContain('node "bad"');
  });
});

describe("a small file that would make much", () => {
  const constants = (nodes: NodeSketch[], w: number[]): Uint8Array =>
    writeModel({
      inputs: { x: [1] },
      nodes,
      tensors: [{ name: "w", dims: [w.length], int64: w }],
      outputs: ["y"],
    });

  it("is not worked out beyond what a shape needs: doublings in a row", () => {
    const nodes = Array.from({ length: 27 }, (_, at): NodeSketch => {
      const before = at === 0 ? "w" : `v${at - 1}`;
      return {
        op: "Concat",
        inputs: [before, before],
        outputs: [`v${at}`],
        attributes: { axis: 0 },
      };
    });
    const { facts } = inferShapes(readModel(constants(nodes, [1, 2, 3, 4])));
    expect(facts.get("v3")?.values).toHaveLength(64);
    expect(facts.get("v13")?.values).toHaveLength(65_536);
    expect(facts.get("v14")?.values).toBeNull();
    expect(facts.get("v26")?.dims).toEqual([4 * 2 ** 27]);
  });

  it("is not worked out without end: twenty thousand sums of a large constant", () => {
    const nodes = Array.from({ length: 20_000 }, (_, at): NodeSketch => {
      return { op: "Add", inputs: ["w", "w"], outputs: [`v${at}`] };
    });
    nodes.push({ op: "Add", inputs: ["small", "small"], outputs: ["s"] });
    nodes.push({
      op: "Constant",
      inputs: [],
      outputs: ["small"],
      attributes: { value_ints: [1, 2] },
    });
    const file = constants(
      nodes,
      Array.from({ length: 60_000 }, (_, at) => at % 100),
    );
    const start = cpuMs();
    const { facts } = inferShapes(readModel(file));
    expect(cpuMs() - start).toBeLessThan(5000);
    expect(facts.get("v0")?.values).toHaveLength(60_000);
    expect(facts.get("v19999")).toMatchObject({ values: null, dims: [60_000], constant: true });
    expect(facts.get("s")?.values).toEqual([2, 4]);
  });

  it("is refused with a node of a million inputs", () => {
    const node: NodeSketch = {
      name: "wide",
      op: "Sum",
      inputs: Array.from({ length: 1_000_000 }, () => "x"),
      outputs: ["y"],
    };
    expect(verdict(node, [1])).toContain("more than 10000 inputs and outputs");
  });
});

const MOST_MILLISECONDS = 1000;
const MOST = 2 ** 31;
const integers = fc.oneof(
  fc.integer({ min: -4, max: 9 }),
  fc.integer({ min: -MOST, max: MOST }),
  fc.constantFrom(0, -1),
);
const numbers = fc.array(integers, { maxLength: 6 });
const NAMES = [
  ...[
    "axis",
    "axes",
    "perm",
    "split",
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "group",
    "blocksize",
  ],
  ...[
    "keepdims",
    "starts",
    "ends",
    "batch_dims",
    "hidden_size",
    "layout",
    "start",
    "end",
    "to",
    "dtype",
  ],
  ...[
    "output_shape",
    "output_padding",
    "ceil_mode",
    "transA",
    "output_height",
    "shape",
    "value_ints",
  ],
];
const attributes: fc.Arbitrary<Record<string, AttributeSketch>> = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(integers, numbers),
  { maxKeys: 6 },
);
const tensor = fc.oneof(
  numbers.map((int64): Omit<TensorSketch, "name"> => ({ dims: [int64.length], int64 })),
  fc.array(fc.nat(9), { maxLength: 5 }).map((dims): Omit<TensorSketch, "name"> => ({ dims })),
  fc
    .array(fc.float(), { maxLength: 5 })
    .map((float): Omit<TensorSketch, "name"> => ({ dims: [float.length], float })),
);

describe("any operator on any input with any attribute", () => {
  it("has shapes or is refused: no other error, and no more than a moment", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...OPERATORS.keys()),
        attributes,
        fc.array(fc.nat(9), { maxLength: 5 }),
        fc.array(tensor, { maxLength: 4 }),
        fc.integer({ min: 7, max: 21 }),
        fc.string({ maxLength: 12 }),
        fc.boolean(),
        (op, attributesOfIt, x, others, opset, equation, live) => {
          const tensors = others.map((one, at) => ({ ...one, name: `t${at}` }));
          const inputs = [...(live ? ["x"] : []), ...tensors.map(({ name }) => name)];
          const node = {
            op,
            inputs,
            outputs: ["y", "z"],
            attributes: { ...attributesOfIt, equation },
          };
          const start = cpuMs();
          expect(verdict(node, x, tensors, opset)).toBeTypeOf("string");
          expect(cpuMs() - start).toBeLessThan(MOST_MILLISECONDS);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** What this process has used of the processor: the time of a clock is others', too. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
