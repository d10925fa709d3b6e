import fc from "fast-check";
import type { ModelSketch, NodeSketch, TensorSketch } from "./onnx-writer.ts";

const CHANNELS = 8;
const SIDE = 16;

interface Step {
  op:
    | "Conv"
    | "Depthwise"
    | "Relu"
    | "Sigmoid"
    | "Softplus"
    | "Add"
    | "Mul"
    | "MaxPool"
    | "WidePool";
  first: number;
  second: number;
}

const step = fc.record<Step>({
  op: fc.constantFrom(
    "Conv",
    "Depthwise",
    "Relu",
    "Sigmoid",
    "Softplus",
    "Add",
    "Mul",
    "MaxPool",
    "WidePool",
  ),
  first: fc.nat(1000),
  second: fc.nat(1000),
});

/** Graphs of layers that a DLA takes and layers that it does not, with branches and joins. */
export const randomGraph: fc.Arbitrary<ModelSketch> = fc
  .array(step, { minLength: 1, maxLength: 40 })
  .map((steps) => {
    const nodes = steps.map((one, at) => nodeOf(one, at));
    const read = new Set(nodes.flatMap(({ inputs = [] }) => inputs));
    const outputs = nodes.flatMap(({ outputs: made = [] }) =>
      made.filter((name) => !read.has(name)),
    );
    return { inputs: { x: [1, CHANNELS, SIDE, SIDE] }, outputs, nodes, tensors: TENSORS };
  });

const TENSORS: TensorSketch[] = [
  { name: "dense", dims: [CHANNELS, CHANNELS, 3, 3], raw: new Uint8Array(CHANNELS ** 2 * 36) },
  { name: "single", dims: [CHANNELS, 1, 3, 3], raw: new Uint8Array(CHANNELS * 36) },
];

function nodeOf({ op, first, second }: Step, at: number): NodeSketch {
  const value = (pick: number): string =>
    pick % (at + 1) === 0 ? "x" : `v${(pick % (at + 1)) - 1}`;
  const base = { name: `n${at}`, outputs: [`v${at}`] };
  const window = (size: number): NodeSketch["attributes"] => ({
    kernel_shape: [size, size],
    pads: Array<number>(4).fill((size - 1) / 2),
  });
  switch (op) {
    case "Conv":
      return { ...base, op, inputs: [value(first), "dense"], attributes: window(3) ?? {} };
    case "Depthwise":
      return {
        ...base,
        op: "Conv",
        inputs: [value(first), "single"],
        attributes: { ...window(3), group: CHANNELS },
      };
    case "MaxPool":
      return { ...base, op, inputs: [value(first)], attributes: window(3) ?? {} };
    case "WidePool":
      return { ...base, op: "MaxPool", inputs: [value(first)], attributes: window(9) ?? {} };
    case "Add":
    case "Mul":
      return { ...base, op, inputs: [value(first), value(second)] };
    default:
      return { ...base, op, inputs: [value(first)] };
  }
}

/** The same graph with its nodes in another order in which each still comes after what it reads. */
export function reordered(sketch: ModelSketch, picks: readonly number[]): ModelSketch {
  const waiting = [...(sketch.nodes ?? [])];
  const made = new Set(["x", ...TENSORS.map(({ name }) => name)]);
  const nodes: NodeSketch[] = [];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ inputs = [] }) => inputs.every((name) => made.has(name)));
    const next = ready[(picks[nodes.length] ?? 0) % ready.length];
    if (!next) throw new Error("the graph has a cycle");
    waiting.splice(waiting.indexOf(next), 1);
    nodes.push(next);
    for (const name of next.outputs ?? []) made.add(name);
  }
  return { ...sketch, nodes };
}
