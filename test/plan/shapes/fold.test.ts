import { describe, expect, it } from "vitest";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { type NodeSketch, type TensorSketch, writeModel } from "../support/onnx-writer.ts";
import { plan } from "../support/plans.ts";

const list = (name: string, ...int64: number[]): TensorSketch => ({
  name,
  dims: [int64.length],
  int64,
});
const grid = (name: string, dims: number[], ...int64: number[]): TensorSketch => ({
  name,
  dims,
  int64,
});

/** Elements of the outputs of one node all of whose inputs are constants. */
function worked(
  node: Omit<NodeSketch, "inputs">,
  tensors: TensorSketch[],
  opset = 13,
): (readonly number[] | null)[] {
  const outputs = node.outputs ?? ["y"];
  const inputs = tensors.map(({ name }) => name);
  const nodes = [{ ...node, inputs, outputs }];
  const { facts } = inferShapes(readModel(writeModel({ opset, tensors, outputs, nodes })));
  return outputs.map((name) => {
    const { constant = false, values = null } = facts.get(name) ?? {};
    return constant ? values : null;
  });
}

const six = grid("x", [2, 3], 1, 2, 3, 4, 5, 6);

// The answers are those of onnx.reference.ReferenceEvaluator.
describe("a constant", () => {
  it.each<[string, Omit<NodeSketch, "inputs">, TensorSketch[], (readonly number[] | null)[]]>([
    [
      "is split",
      { op: "Split", outputs: ["a", "b"], attributes: { axis: 1 } },
      [six, list("s", 1, 2)],
      [
        [1, 4],
        [2, 3, 5, 6],
      ],
    ],
    [
      "is split into equal parts",
      { op: "Split", outputs: ["a", "b"] },
      [list("x", 1, 2, 3, 4)],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "is joined along its second axis",
      { op: "Concat", attributes: { axis: 1 } },
      [six, grid("z", [2, 1], 7, 8)],
      [[1, 2, 3, 7, 4, 5, 6, 8]],
    ],
    ["is repeated", { op: "Tile" }, [list("x", 1, 2), list("r", 2)], [[1, 2, 1, 2]]],
    ["is spread", { op: "Expand" }, [grid("x", [2, 1], 1, 2), list("r", 2, 2)], [[1, 1, 2, 2]]],
    ["is padded", { op: "Pad" }, [list("x", 1, 2), list("p", 1, 2)], [[0, 1, 2, 0, 0]]],
    [
      "is gathered along its second axis",
      { op: "Gather", attributes: { axis: 1 } },
      [six, list("i", -1, 0)],
      [[3, 1, 6, 4]],
    ],
    ["is gathered by tuples", { op: "GatherND" }, [six, grid("i", [1, 2], 1, 2)], [[6]]],
    [
      "is scattered into",
      { op: "ScatterND" },
      [list("x", 1, 2, 3), grid("i", [1, 1], 1), list("u", 9)],
      [[1, 9, 3]],
    ],
    ["is summed", { op: "ReduceSum" }, [six, list("a", 0)], [[5, 7, 9]]],
    ["is its largest", { op: "ReduceMax", attributes: { axes: [1] } }, [six], [[3, 6]]],
    [
      "is its mean, in whole numbers",
      { op: "ReduceMean", attributes: { axes: [1] } },
      [six],
      [[2, 5]],
    ],
    ["is where it is largest", { op: "ArgMax", attributes: { axis: 1 } }, [six], [[2, 2]]],
    [
      "is its two largest, and where they are",
      { op: "TopK", outputs: ["v", "i"] },
      [list("x", 3, 9, 5), list("k", 2)],
      [
        [9, 5],
        [1, 2],
      ],
    ],
    ["is added up", { op: "CumSum" }, [list("x", 1, 2, 3), grid("a", [], 0)], [[1, 3, 6]]],
    ["is where it is not zero", { op: "NonZero" }, [list("x", 0, 4, 5)], [[1, 2]]],
    [
      "is bounded",
      { op: "Clip" },
      [list("x", -1, 5, 9), grid("l", [], 0), grid("h", [], 6)],
      [[0, 5, 6]],
    ],
    ["is multiplied as a matrix", { op: "MatMul" }, [six, grid("m", [3, 1], 1, 0, 2)], [[7, 16]]],
    ["is cut to a triangle", { op: "Trilu" }, [grid("x", [2, 2], 1, 2, 3, 4)], [[1, 2, 0, 4]]],
    [
      "is rounded to even",
      { op: "Round" },
      [{ name: "x", dims: [3], float: [0.5, 1.5, 2.5] }],
      [[0, 2, 2]],
    ],
  ])("%s", (_what, node, tensors, expected) => {
    expect(worked(node, tensors, node.op === "Trilu" ? 14 : 13)).toEqual(expected);
  });

  it("that is large is not worked out, and its shape is known all the same", () => {
    const [tall] = worked({ op: "Tile" }, [list("x", 1, 2), list("r", 2 ** 20)]);
    expect(tall).toBeNull();
  });

  it("is worked out within seconds, however many operators ask for it", () => {
    const nodes = Array.from({ length: 2000 }, (_, at) => ({
      op: "CumSum",
      inputs: [at === 0 ? "x" : `v${at - 1}`, "a"],
      outputs: [`v${at}`],
    }));
    const tensors = [
      { name: "x", dims: [4096], int64: Array<number>(4096).fill(1) },
      grid("a", [], 0),
    ];
    const before = performance.now();
    inferShapes(readModel(writeModel({ opset: 13, tensors, outputs: ["v1999"], nodes })));
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

it("a detector whose sizes come out of the split of a constant keeps its shapes and its speed", () => {
  const nodes: NodeSketch[] = [
    { op: "Split", inputs: ["sizes"], outputs: ["small", "large"] },
    { op: "Concat", inputs: ["front", "large"], outputs: ["shape"], attributes: { axis: 0 } },
    {
      op: "Resize",
      inputs: ["x", "", "", "shape"],
      outputs: ["a"],
      attributes: { mode: "nearest" },
    },
    { op: "Conv", inputs: ["a", "k"], outputs: ["y"] },
  ];
  const tensors: TensorSketch[] = [
    list("sizes", 16, 16, 64, 64),
    list("front", 1, 8),
    { name: "k", dims: [8, 8, 3, 3], raw: new Uint8Array(8 * 8 * 9 * 4) },
  ];
  const model = readModel(
    writeModel({ opset: 11, inputs: { x: [1, 8, 32, 32] }, outputs: ["y"], tensors, nodes }),
  );
  expect(inferShapes(model).facts.get("y")?.dims).toEqual([1, 8, 62, 62]);
  expect(plan(model, "agx-xavier", { minFps: 30 }).verdict).toBe("runs");
});
