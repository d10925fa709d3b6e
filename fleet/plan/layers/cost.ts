import { int, type OnnxNode, text } from "../onnx/index.ts";
import { axisSizes, type Dims, type Fact, known, type LiveNode, product } from "../shapes/index.ts";
import { unknownAttribute } from "./attributes.ts";
import type { Layer } from "./layer.ts";

/** What the estimate counts of an operator. */
export type Counted =
  /** Multiply-adds, and the tensors that are read and written. */
  | "products"
  /** Tensors that are read and written. */
  | "elements"
  /** Steps one after another, each with its products or elements. */
  | "steps"
  /** What stands inside it, as often as it runs. */
  | "bodies"
  /** Nothing: it only names dimensions, or is worked out before the first picture. */
  | "free";

export const OPEN = "a dimension of its tensors is not known";

const UNCOUNTED: Readonly<Record<string, string>> = {
  DeformConv: "where it samples depends on the data",
  GridSample: "where it samples depends on the data",
  RoiAlign: "where it samples depends on the data",
  NonMaxSuppression: "how many boxes it compares depends on the data",
  NonZero: "how much it finds depends on the data",
  TopK: "no figure of its sorting is known",
};

const COUNTED: Readonly<Record<Exclude<Counted, "elements">, readonly string[]>> = {
  products: ["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"],
  steps: ["LSTM", "GRU", "RNN", "CumSum"],
  bodies: ["If", "Loop", "Scan"],
  free: [
    ...["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"],
    ...["Shape", "Size", "Constant"],
  ],
};

/** What is counted of an operator that a parser takes; a reason where nothing is. */
export function countedOf(op: string): { counted: Counted } | { unknown: string } {
  const unknown = UNCOUNTED[op];
  if (unknown !== undefined) return { unknown };
  const [row] = Object.entries(COUNTED).find(([, ops]) => ops.includes(op)) ?? ["elements"];
  return { counted: row as Counted };
}

export interface Cost {
  /** Floating point operations of one inference, two for a multiply-add. */
  flops: number;
  /** Times it runs after itself in one inference; of these, steps over its own tensors. */
  rounds: number;
  passes: number;
  directions: number;
  /** Why nobody can say what it costs; its operations count as none then, and no speed is said. */
  unknown: string | null;
}

/** What a layer costs in one inference, or why that is not known. */
export function costOf(
  layer: Omit<Layer, "flops" | "rounds" | "unknown">,
  node: LiveNode,
  factOf: (name: string) => Fact | undefined,
): Cost {
  const { rounds = 1 } = node;
  const counting = countedOf(node.op);
  const free: Cost = { flops: 0, rounds, passes: 1, directions: 1, unknown: null };
  const nothing = (unknown: string): Cost => ({ ...free, unknown });
  if (node.unknown !== undefined) return nothing(node.unknown);
  if ("unknown" in counting) return nothing(counting.unknown);
  const odd = unknownAttribute(node);
  if (odd !== null) return nothing(odd);
  const { counted } = counting;
  if (counted === "free") return free;
  const dims = node.inputs.map((name) => (name === "" ? null : (factOf(name)?.dims ?? null)));
  const open = [...layer.inputs, ...layer.outputs].some(({ dims: own }) => !isWhole(own));
  const unranked = [...node.inputs, ...node.outputs].some(
    (name) => name !== "" && (factOf(name)?.dims ?? null) === null,
  );
  if (open || unranked) return nothing(OPEN);
  if (counted === "bodies") return free;
  const once = { flops: flopsOf(layer, node, dims), passes: 1, directions: 1 };
  const work = counted === "steps" ? stepsOf(node, dims, factOf) : once;
  if (work === null || !Number.isFinite(work.flops)) return nothing(OPEN);
  const all = rounds * work.passes;
  return { ...work, flops: work.flops * all, rounds: all, unknown: null };
}

function isWhole(dims: readonly number[]): boolean {
  return dims.every((dim) => dim >= 0);
}

function elements(dims: Dims | null): number {
  return dims && known(dims) ? product(dims) : Number.NaN;
}

/** Operations of one step, and how many steps there are. */
function stepsOf(
  node: OnnxNode,
  [input = null, weights = null, recurrence = null]: readonly (Dims | null)[],
  factOf: (name: string) => Fact | undefined,
): Pick<Cost, "flops" | "passes" | "directions"> | null {
  if (!input || !known(input)) return null;
  if (node.op === "CumSum") {
    const [said] = factOf(node.inputs[1] ?? "")?.values ?? [];
    const along = said === undefined ? undefined : input[said < 0 ? said + input.length : said];
    if (along === undefined) return null;
    return { flops: product(input) / Math.max(1, along), passes: along, directions: 1 };
  }
  const batchFirst = int(node, "layout", 0) === 1;
  const [sequence = 0, batch = 0] = batchFirst ? [input[1], input[0]] : input;
  const both = text(node, "direction", "forward") === "bidirectional" ? 2 : 1;
  // Weights are [directions, gates × hidden, input] and [directions, gates × hidden, hidden].
  const perStep = (elements(weights) + elements(recurrence)) / both;
  return { flops: 2 * batch * perStep, passes: sequence * both, directions: both };
}

function flopsOf(
  layer: Omit<Layer, "flops" | "rounds" | "unknown">,
  node: OnnxNode,
  dims: readonly (Dims | null)[],
): number {
  const out = layer.outputs.reduce((sum, one) => sum + product(one.dims), 0);
  const [left = null, right = null] = dims;
  switch (layer.kind) {
    case "convolution":
      return 2 * out * elements(right?.slice(1) ?? null);
    case "deconvolution":
      return 2 * elements(left) * elements(right?.slice(1) ?? null);
    case "matrixMultiply":
      return 2 * out * depthOf(node, dims);
    case "pooling":
      return out * product(layer.window?.kernel ?? []);
    case "reduce":
      return elements(left);
    case "shuffle":
    case "slice":
    case "concatenation":
    case "identity":
    case "gather":
    case "cast":
      return 0;
    default:
      return out;
  }
}

/** Multiply-adds of one result. */
function depthOf(node: OnnxNode, dims: readonly (Dims | null)[]): number {
  const [left] = dims;
  if (node.op === "Einsum") {
    const { sizes, out } = axisSizes(text(node, "equation", ""), dims);
    return elements([...sizes.values()]) / Math.max(1, elements(out));
  }
  const transposed = node.op === "Gemm" && int(node, "transA", 0) === 1;
  return (transposed ? left?.[0] : left?.[left.length - 1]) ?? Number.NaN;
}
