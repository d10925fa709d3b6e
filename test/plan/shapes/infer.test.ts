import { describe, expect, it } from "vitest";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes, known } from "../../../fleet/plan/shapes/index.ts";
import {
  HAS_SHARED_MODELS,
  NETWORK_NAMES,
  network,
  SHARED_SUFFIX,
  sharedModel,
} from "../support/models.ts";
import { type NodeSketch, type TensorSketch, writeModel } from "../support/onnx-writer.ts";

/** Dimensions of `y` after one node on `x` of the given shape. */
function after(
  node: Partial<NodeSketch> & { op: string },
  x: (number | string)[],
  tensors: TensorSketch[] = [],
  opset = 13,
): unknown {
  const inputs = node.inputs ?? ["x", ...tensors.map(({ name }) => name)];
  const file = writeModel({
    opset,
    inputs: { x },
    outputs: ["y"],
    nodes: [{ ...node, inputs, outputs: node.outputs ?? ["y"] }],
    tensors,
  });
  return inferShapes(readModel(file)).facts.get("y")?.dims;
}

const weights = (...dims: number[]): TensorSketch => ({ name: "w", dims });
const list = (name: string, ...int64: number[]): TensorSketch => ({
  name,
  dims: [int64.length],
  int64,
});

describe("the shape after a node", () => {
  it.each<[string, unknown, unknown]>([
    [
      "Conv 3x3 stride 2 pad 1",
      after(
        { op: "Conv", attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
        [1, 3, 416, 416],
        [weights(16, 3, 3, 3)],
      ),
      [1, 16, 208, 208],
    ],
    [
      "Conv dilated",
      after(
        { op: "Conv", attributes: { dilations: [2, 2] } },
        [1, 3, 20, 20],
        [weights(8, 3, 3, 3)],
      ),
      [1, 8, 16, 16],
    ],
    [
      "Conv SAME_UPPER",
      after(
        { op: "Conv", attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] } },
        [1, 3, 15, 15],
        [weights(8, 3, 3, 3)],
      ),
      [1, 8, 8, 8],
    ],
    [
      "ConvTranspose x2",
      after(
        { op: "ConvTranspose", attributes: { strides: [2, 2] } },
        [1, 8, 13, 13],
        [weights(8, 4, 2, 2)],
      ),
      [1, 4, 26, 26],
    ],
    [
      "MaxPool that rounds up",
      after(
        { op: "MaxPool", attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
        [1, 8, 112, 112],
      ),
      [1, 8, 56, 56],
    ],
    [
      "MaxPool that rounds down",
      after(
        { op: "MaxPool", attributes: { kernel_shape: [3, 3], strides: [2, 2] } },
        [1, 8, 112, 112],
      ),
      [1, 8, 55, 55],
    ],
    [
      "Reshape with -1 and 0",
      after({ op: "Reshape" }, [2, 3, 4, 5], [list("s", 0, -1, 5)]),
      [2, 12, 5],
    ],
    ["Flatten", after({ op: "Flatten" }, [2, 3, 4, 5]), [2, 60]],
    [
      "Slice by attributes",
      after(
        { op: "Slice", attributes: { starts: [1], ends: [9223372036854775], axes: [2] } },
        [1, 3, 8],
        [],
        9,
      ),
      [1, 3, 7],
    ],
    [
      "Slice by inputs, step 2",
      after({ op: "Slice" }, [1, 3, 9], [list("a", 0), list("b", 9), list("c", 2), list("d", 2)]),
      [1, 3, 5],
    ],
    [
      "Squeeze by attribute",
      after({ op: "Squeeze", attributes: { axes: [2] } }, [1, 3, 1], [], 11),
      [1, 3],
    ],
    ["Unsqueeze by input", after({ op: "Unsqueeze" }, [3], [list("a", 0, 2)]), [1, 3, 1]],
    [
      "Transpose",
      after({ op: "Transpose", attributes: { perm: [0, 2, 3, 1] } }, [1, 3, 4, 5]),
      [1, 4, 5, 3],
    ],
    [
      "Gather",
      after({ op: "Gather", attributes: { axis: 1 } }, [1, 3, 4], [list("i", 0, 2)]),
      [1, 2, 4],
    ],
    ["Expand", after({ op: "Expand" }, [1, 3, 1], [list("s", 2, 1, 4)]), [2, 3, 4]],
    ["Pad by input", after({ op: "Pad" }, [1, 3, 4], [list("p", 0, 0, 1, 0, 0, 2)]), [1, 3, 7]],
    [
      "ReduceMean over HW",
      after({ op: "ReduceMean", attributes: { axes: [2, 3], keepdims: 0 } }, [1, 3, 4, 5]),
      [1, 3],
    ],
    [
      "Gemm transB",
      after({ op: "Gemm", attributes: { transB: 1 } }, [1, 8], [weights(10, 8)]),
      [1, 10],
    ],
    ["MatMul batched", after({ op: "MatMul" }, [2, 4, 8], [weights(8, 3)]), [2, 4, 3]],
    [
      "Resize by sizes",
      after({ op: "Resize", inputs: ["x", "", "", "s"] }, [1, 3, 4, 4], [list("s", 1, 3, 8, 8)]),
      [1, 3, 8, 8],
    ],
    ["broadcasting", after({ op: "Add" }, [1, 8, 4, 4], [weights(8, 1, 1)]), [1, 8, 4, 4]],
    ["a batch that the file leaves open", after({ op: "Relu" }, ["batch", 3]), [1, 3]],
    ["an open dimension that is no batch", after({ op: "Relu" }, [1, 3, "height"]), [1, 3, null]],
    [
      "DepthToSpace",
      after({ op: "DepthToSpace", attributes: { blocksize: 2 } }, [1, 8, 4, 4]),
      [1, 2, 8, 8],
    ],
  ])("%s", (_label, got, expected) => {
    expect(got).toEqual(expected);
  });

  it("is unknown after an operator that nobody knows, and the operator is named", () => {
    const nodes = [{ op: "Magic", inputs: ["x"], outputs: ["y"], domain: "acme" }];
    const shaped = inferShapes(
      readModel(writeModel({ inputs: { x: [1] }, nodes, outputs: ["y"] })),
    );
    expect(shaped.facts.get("y")?.dims).toBeNull();
    expect(shaped.unknownOps).toEqual(["acme.Magic"]);
  });
});

describe("the arithmetic on shapes that exporters leave in", () => {
  it("is worked out, and its nodes do not count as running", () => {
    const nodes = [
      { op: "Shape", inputs: ["x"], outputs: ["s"] },
      { op: "Gather", inputs: ["s", "two"], outputs: ["h"] },
      { op: "Concat", inputs: ["one", "h"], outputs: ["t"], attributes: { axis: 0 } },
      { op: "Reshape", inputs: ["x", "t"], outputs: ["y"] },
    ];
    const tensors = [list("two", 2), list("one", -1)];
    const shaped = inferShapes(
      readModel(writeModel({ inputs: { x: [1, 6, 4] }, nodes, tensors, outputs: ["y"] })),
    );
    expect(shaped.facts.get("y")?.dims).toEqual([6, 4]);
    expect(shaped.live.map(({ op }) => op)).toEqual(["Reshape"]);
  });
});

describe("whole networks", () => {
  it.each(NETWORK_NAMES)("%s has a known shape everywhere, as its exporter says", (name) => {
    const { facts, live, graph } = inferShapes(network(name));
    const open = live
      .flatMap(({ outputs }) => outputs)
      .filter((value) => !known(facts.get(value)?.dims ?? null));
    expect(open).toEqual([]);
    for (const output of graph.outputs) {
      const said = output.dims?.filter((dim) => typeof dim === "number");
      if (said?.length === output.dims?.length)
        expect(facts.get(output.name)?.dims).toEqual(output.dims);
    }
  });

  it("take another batch and another size", () => {
    const batched = inferShapes(network("resnet18"), { batch: 8 });
    expect(batched.facts.get(batched.graph.outputs[0]?.name ?? "")?.dims).toEqual([8, 1000]);
    const larger = inferShapes(network("yolov4"), { shapes: { input: [1, 3, 608, 608] } });
    expect(larger.facts.get(larger.graph.outputs[2]?.name ?? "")?.dims).toEqual([1, 255, 19, 19]);
  });

  it.skipIf(!HAS_SHARED_MODELS)(
    `YOLOX-nano ends in 3549 candidates of 85 figures${SHARED_SUFFIX}`,
    () => {
      const { facts, graph } = inferShapes(sharedModel("yolox_nano.onnx"));
      expect(facts.get(graph.outputs[0]?.name ?? "")?.dims).toEqual([1, 3549, 85]);
    },
  );
});
