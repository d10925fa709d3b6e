import { float, int, ints, type OnnxNode, text } from "../onnx/index.ts";
import {
  type Dims,
  type Fact,
  kernelOf,
  known,
  type LiveNode,
  opName,
  product,
  type ShapedGraph,
  scalesOf,
  sliceAxes,
  windowOf,
} from "../shapes/index.ts";
import { costOf } from "./cost.ts";
import { wantedInitializer } from "./initializers.ts";
import type { Layer, LayerTensor } from "./layer.ts";
import { isQuantisedOperator, OPERATORS, parserOpset } from "./operators.ts";
import { versionText } from "./trt-version.ts";

/** Why TensorRT of a version cannot take a node. */
export interface Refusal {
  rule: string;
  node: string;
  op: string;
  message: string;
  remedy: string | null;
}

export interface MappedGraph {
  layers: Layer[];
  refusals: Refusal[];
  /** What may go wrong, and does not stop the plan. */
  warnings: string[];
}

/** Maps the nodes that run on each inference to layers of a TensorRT version. */
export function mapGraph(shaped: ShapedGraph, trt: number): MappedGraph {
  const refusals: Refusal[] = [];
  const layers: Layer[] = [];
  const isConstant = (name: string): boolean => shaped.facts.get(name)?.constant ?? false;
  for (const node of shaped.decided) {
    const refusal = refusalOf(node, trt, () => true);
    if (refusal) refusals.push(refusal);
  }
  for (const node of shaped.live) {
    const refusal = refusalOf(node, trt, isConstant);
    if (refusal) refusals.push(refusal);
    else layers.push(toLayer(node, layers.length, shaped));
  }
  return { layers, refusals, warnings: warningsOf(shaped, trt) };
}

function warningsOf({ opset }: ShapedGraph, trt: number): string[] {
  const newest = parserOpset(trt);
  if (opset <= newest) return [];
  return [
    `operator set ${opset} is newer than ${newest}, the newest that this TensorRT's parser names`,
  ];
}

function refusalOf(
  node: OnnxNode,
  trt: number,
  isConstant: (name: string) => boolean,
): Refusal | null {
  const base = { node: node.name, op: opName(node) };
  if (isQuantisedOperator(node.op)) {
    return {
      ...base,
      rule: "onnx.quantised-operator",
      message: `${opName(node)} computes on integers; TensorRT quantises float models itself`,
      remedy:
        "give the float model with calibration data, or export QuantizeLinear and DequantizeLinear pairs (QDQ)",
    };
  }
  const row = node.domain === "" ? OPERATORS.get(node.op) : undefined;
  if (!row) {
    const message = `no TensorRT parser takes ${opName(node)}`;
    return { ...base, rule: "onnx.operator", message, remedy: null };
  }
  if (row.since <= trt) return initializerRefusal(node, trt, isConstant);
  const since = versionText(row.since);
  const message = `the parser takes ${node.op} from TensorRT ${since} on`;
  return { ...base, rule: "onnx.operator-version", message, remedy: REMEDIES[node.op] ?? null };
}

/** An input that must be a constant of the file for the parser of this release. */
function initializerRefusal(
  node: OnnxNode,
  trt: number,
  isConstant: (name: string) => boolean,
): Refusal | null {
  const wanted = wantedInitializer(node, trt, isConstant);
  if (!wanted) return null;
  const { input, until } = wanted;
  const later = until === null ? "" : `, or use TensorRT ${versionText(until)}`;
  return {
    rule: "onnx.initializer",
    node: node.name,
    op: opName(node),
    message: `TensorRT ${versionText(trt)} takes ${JSON.stringify(input)} of ${node.op} as a constant of the file only`,
    remedy: `export it as an initializer${later}`,
  };
}

const REMEDIES: Readonly<Record<string, string>> = {
  HardSwish: "export with an operator set before 14, which writes it as HardSigmoid and Mul",
  LayerNormalization:
    "export with an operator set before 17, which writes it as primitive operators",
  Mish: "export with an operator set before 18, which writes it as Softplus, Tanh and Mul",
  Gelu: "export with an operator set before 20, which writes it as Erf and products",
};

/** All inputs but the first are weights. */
function weightsOf({ inputs }: Layer): Details {
  return inputs.length > 1 ? { liveWeights: true } : {};
}

/** The elementwise operation of TensorRT behind an ONNX operator. */
const OPERATIONS: Readonly<Record<string, string>> = {
  Add: "SUM",
  Sum: "SUM",
  Sub: "SUB",
  Mul: "PROD",
  Div: "DIV",
  Pow: "POW",
  Max: "MAX",
  Min: "MIN",
};

function toLayer(node: LiveNode, index: number, shaped: ShapedGraph): Layer {
  const row = OPERATORS.get(node.op);
  const fact = (name: string): Fact | undefined => shaped.facts.get(name);
  const named = node.inputs.filter((name) => name !== "");
  const tensor = (name: string): LayerTensor => ({
    name,
    dims: (fact(name)?.dims ?? []).map((dim) => dim ?? -1),
  });
  const inputs = named.filter((name) => !fact(name)?.constant).map(tensor);
  const weights = named.filter((name) => fact(name)?.constant);
  const { within, branches } = node;
  const layer: Layer = {
    index,
    name: node.name,
    op: opName(node),
    kind: row?.kind ?? "other",
    inputs,
    outputs: node.outputs.filter((name) => name !== "").map(tensor),
    weightElements: weights.reduce((sum, name) => sum + elements(fact(name)?.dims ?? []), 0),
    flops: 0,
    ...(within === undefined ? {} : { within }),
    ...(branches === undefined ? {} : { branches }),
  };
  const described = { ...layer, ...describe(node, layer, shaped) };
  const { flops, rounds, passes, directions, unknown } = costOf(described, node, fact);
  return {
    ...described,
    flops,
    ...(rounds === 1 ? {} : { rounds, passes, directions }),
    ...(unknown === null ? {} : { unknown }),
  };
}

function elements(dims: Dims): number {
  return known(dims) ? product(dims) : 0;
}

type Details = Partial<Layer>;

function describe(node: OnnxNode, layer: Layer, shaped: ShapedGraph): Details {
  const context = {
    node,
    inputs: node.inputs.map((name) => shaped.facts.get(name) ?? null),
    opset: shaped.opset,
  };
  const input = context.inputs[0]?.dims ?? [];
  const rank = input.length;
  const axis = (otherwise: number): number => {
    const said = int(node, "axis", otherwise);
    return said < 0 ? said + (layer.outputs[0]?.dims.length ?? rank) : said;
  };
  switch (layer.kind) {
    case "convolution":
    case "deconvolution": {
      const kernel = kernelOf(context) ?? [];
      const window = windowOf(node, kernel, input.slice(2));
      return { window, groups: int(node, "group", 1), ...weightsOf(layer) };
    }
    case "pooling": {
      const window = windowOf(node, ints(node, "kernel_shape") ?? [], input.slice(2));
      const poolType = node.op === "MaxPool" ? "max" : "average";
      return { window, poolType, countsPadding: int(node, "count_include_pad", 0) === 1 };
    }
    case "elementwise":
      return elementwiseDetails(node, layer, shaped);
    case "unary":
      return { operation: node.op };
    case "concatenation":
      return { axis: axis(1) };
    case "softmax":
      return { axis: axis(shaped.opset >= 13 ? -1 : 1) };
    case "slice": {
      const bounds = node.op === "Slice" ? sliceAxes(context) : null;
      const split = node.op === "Split" ? [axis(0)] : [];
      const axes = (bounds?.axes ?? split).map((one) => (one < 0 ? one + rank : one));
      return { axes, ...(bounds ? { steps: bounds.steps } : {}) };
    }
    case "resize":
      return {
        resize: {
          mode: text(node, "mode", "nearest"),
          coordinates:
            node.op === "Upsample" || shaped.opset < 11
              ? "asymmetric"
              : text(node, "coordinate_transformation_mode", "half_pixel"),
          rounding:
            node.op === "Upsample" || shaped.opset < 11
              ? "floor"
              : text(node, "nearest_mode", "round_prefer_floor"),
          scales: scalesOf(context),
          bySizes: (context.inputs[3]?.values?.length ?? 0) > 0,
        },
      };
    case "activation":
      return activationDetails(node, (at) => context.inputs[at]);
    case "lrn":
      return { size: int(node, "size", 0) };
    case "matrixMultiply":
      return { bothLive: layer.inputs.length > 1 };
    default:
      return {};
  }
}

function activationDetails(
  node: OnnxNode,
  input: (at: number) => Fact | null | undefined,
): Details {
  if (node.op === "LeakyRelu") return { alpha: float(node, "alpha", 0.01) };
  if (node.op !== "Clip") return {};
  const bound = (name: string, at: number, otherwise: number): number | null => {
    if (node.attributes[name]) return float(node, name, otherwise);
    return node.inputs[at] ? (input(at)?.values?.[0] ?? null) : otherwise;
  };
  return { clipMin: bound("min", 1, -Infinity), clipMax: bound("max", 2, Infinity) };
}

/** Adding or multiplying a constant of one value or one per channel is a scale; else it is elementwise. */
function elementwiseDetails(node: OnnxNode, layer: Layer, shaped: ShapedGraph): Details {
  const operation = OPERATIONS[node.op] ?? node.op;
  const constants = node.inputs
    .map((name) => shaped.facts.get(name))
    .filter((fact) => fact?.constant);
  const channels = layer.outputs[0]?.dims[1] ?? 1;
  const perChannel = constants.every((fact) => {
    const size = elements(fact?.dims ?? []);
    return size === 1 || size === channels;
  });
  const scales = ["Add", "Sub", "Mul", "Div"].includes(node.op);
  const constantFirst = shaped.facts.get(node.inputs[0] ?? "")?.constant ?? false;
  const first = constantFirst ? { constantFirst } : {};
  if (scales && layer.inputs.length === 1 && constants.length === 1 && perChannel)
    return { kind: "scale", operation, ...first };
  return { operation, ...first };
}
