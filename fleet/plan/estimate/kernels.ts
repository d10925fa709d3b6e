import type { PlacedGraph } from "../dla/index.ts";
import type { Layer, LayerTensor } from "../layers/index.ts";
import { append } from "../lists.ts";

/** Kinds of work that run at different shares of the peak. */
export type WorkClass = "conv" | "depthwise" | "deconv" | "matmul" | "memory" | "free";

/** Layers that the builder fuses into one launch, with their cost. */
export interface Kernel {
  device: "gpu" | "dla";
  work: WorkClass;
  /** Indices of the layers. */
  layers: number[];
  flops: number;
  /** Elements read and written, without what stays in registers between the fused layers. */
  elements: number;
  weightElements: number;
  /** Input channels of one group; narrow inputs leave tensor cores idle. */
  channels: number;
  /** Elements of the result: how much runs side by side. */
  outputElements: number;
  /** A dense 3×3 convolution of stride 1. */
  winograd: boolean;
  /** Bytes an element has at least: functions with exponentials run in FP16 inside INT8 networks. */
  leastBytes: number;
}

export interface FusionRules {
  /** TensorRT as a comparable number. */
  trt: number;
}

const POINTWISE = new Set<Layer["kind"]>([
  "activation",
  "elementwise",
  "scale",
  "unary",
  "parametricRelu",
  "select",
]);
const MATRIX = new Set<Layer["kind"]>(["convolution", "deconvolution", "matrixMultiply"]);

/** Fuses layers as TensorRT does: work with what only it feeds and what is done point by point. */
export function fuse({ layers, placements }: PlacedGraph, rules: FusionRules): Kernel[] {
  const users = usersOf(layers);
  const makers = new Map(
    layers.flatMap(({ outputs, index }) => outputs.map(({ name }) => [name, index] as const)),
  );
  const kernelOfLayer = new Map<number, number>();
  const groups: Layer[][] = [];
  for (const layer of layers) {
    const host = hostOf(layer, makers, users, kernelOfLayer);
    const same = host !== null && placements[host]?.device === placements[layer.index]?.device;
    const group = same ? kernelOfLayer.get(host) : undefined;
    if (group !== undefined && accepts(groups[group] ?? [], layer, rules)) {
      groups[group]?.push(layer);
      kernelOfLayer.set(layer.index, group);
    } else {
      kernelOfLayer.set(layer.index, groups.length);
      groups.push([layer]);
    }
  }
  const joins = new Set(
    layers
      .filter(({ kind }) => kind === "concatenation")
      .flatMap(({ outputs }) => outputs.map(({ name }) => name)),
  );
  return groups.map((group) => {
    const [first] = group;
    const kernel = toKernel(layers, group, placements[first?.index ?? 0]?.device ?? "gpu", users);
    return first?.kind === "concatenation"
      ? { ...kernel, ...copiesOf(first, users, joins) }
      : kernel;
  });
}

/**
 * Parts of a concatenation are written straight into the joined tensor; those that others read too, or that are
 * joined tensors themselves, are copied.
 */
function copiesOf(
  layer: Layer,
  users: ReadonlyMap<string, number[]>,
  joins: ReadonlySet<string>,
): Pick<Kernel, "work" | "elements"> {
  const copied = layer.inputs.filter(
    ({ name }) => joins.has(name) || (users.get(name)?.length ?? 0) > 1,
  );
  const elements = copied.reduce((sum, { dims }) => sum + size(dims), 0);
  return { work: elements === 0 ? "free" : "memory", elements: 2 * elements };
}

function usersOf(layers: readonly Layer[]): Map<string, number[]> {
  const users = new Map<string, number[]>();
  for (const { inputs, index } of layers) {
    for (const { name } of inputs) append(users, name, index);
  }
  return users;
}

/** The layer into whose launch a pointwise layer can go: the latest one that feeds it and only it. */
function hostOf(
  layer: Layer,
  makers: ReadonlyMap<string, number>,
  users: ReadonlyMap<string, number[]>,
  kernelOfLayer: ReadonlyMap<number, number>,
): number | null {
  if (!POINTWISE.has(layer.kind)) return null;
  const feeding = layer.inputs.flatMap(({ name }) => {
    const maker = makers.get(name);
    return maker === undefined ? [] : [{ maker, users: users.get(name) ?? [] }];
  });
  // SiLU: the product's other operand is the very tensor that the sigmoid read.
  const fusable = feeding.filter(({ maker, users: list }) => {
    const kernel = kernelOfLayer.get(maker);
    return list.every((user) => user === layer.index || kernelOfLayer.get(user) === kernel);
  });
  return fusable.reduce<number | null>(
    (latest, { maker }) => (latest === null || maker > latest ? maker : latest),
    null,
  );
}

const EPILOGUES = new Set(["Relu", "Clip"]);
const WITH_EXPONENTIAL = new Set([
  "Sigmoid",
  "Tanh",
  "Softplus",
  "Mish",
  "Elu",
  "Selu",
  "Erf",
  "Exp",
  "Softmax",
]);

/**
 * A convolution takes folded scales, one sum and a clipping activation with it; other functions are a launch of
 * their own, in which pointwise layers in a row are one.
 */
function accepts(group: readonly Layer[], layer: Layer, { trt }: FusionRules): boolean {
  const [first] = group;
  if (!first || layer.outputs.length !== 1) return false;
  if (POINTWISE.has(first.kind)) return true;
  if (!MATRIX.has(first.kind)) return false;
  if (layer.kind === "scale")
    return group.every(({ kind }) => MATRIX.has(kind) || kind === "scale");
  const sums = group.filter(({ kind }) => kind === "elementwise").length;
  if (layer.kind === "elementwise") return layer.operation === "SUM" && sums === 0;
  if (layer.op === "LeakyRelu") return trt >= 701;
  return layer.kind === "activation" && EPILOGUES.has(layer.op);
}

function feedsExponential(
  written: readonly LayerTensor[],
  users: ReadonlyMap<string, number[]>,
  layers: readonly Layer[],
): boolean {
  return written.some(({ name }) =>
    users.get(name)?.some((user) => WITH_EXPONENTIAL.has(layers[user]?.op ?? "")),
  );
}

function toKernel(
  layers: readonly Layer[],
  group: readonly Layer[],
  device: Kernel["device"],
  users: ReadonlyMap<string, number[]>,
): Kernel {
  const [first] = group;
  const inside = new Set(group.map(({ index }) => index));
  const made = new Set(group.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  const read = new Map(
    group.flatMap(({ inputs }) =>
      inputs
        .filter(({ name }) => !made.has(name))
        .map((one) => [one.name, size(one.dims)] as const),
    ),
  );
  const written = group
    .flatMap(({ outputs }) => outputs)
    .filter(({ name }) => {
      const list = users.get(name) ?? [];
      return list.length === 0 || list.some((user) => !inside.has(user));
    });
  const outputElements = written.reduce((sum, { dims }) => sum + size(dims), 0);
  const channels = first?.inputs[0]?.dims[1] ?? 1;
  return {
    device,
    work: workOf(first),
    layers: [...inside],
    flops: group.reduce((sum, { flops }) => sum + flops, 0),
    elements: [...read.values()].reduce((sum, one) => sum + one, 0) + outputElements,
    weightElements: group.reduce((sum, { weightElements }) => sum + weightElements, 0),
    channels: Math.max(1, channels / (first?.groups ?? 1)),
    outputElements,
    winograd: isWinograd(first),
    leastBytes:
      group.some(({ op }) => WITH_EXPONENTIAL.has(op)) || feedsExponential(written, users, layers)
        ? 2
        : 1,
  };
}

function isWinograd(layer: Layer | undefined): boolean {
  const { kernel = [], stride = [], dilation = [] } = layer?.window ?? {};
  const ones = [...stride, ...dilation].every((one) => one === 1);
  return layer?.kind === "convolution" && kernel.join() === "3,3" && ones && layer.groups === 1;
}

function workOf(layer: Layer | undefined): WorkClass {
  switch (layer?.kind) {
    case "convolution": {
      const { groups = 1 } = layer;
      return groups > 1 && groups === (layer.inputs[0]?.dims[1] ?? 0) ? "depthwise" : "conv";
    }
    case "deconvolution":
      return "deconv";
    case "matrixMultiply":
      return "matmul";
    case "shuffle":
      // A reshape only renames dimensions; a transpose moves data.
      return /Transpose|Space/.test(layer.op) ? "memory" : "free";
    case "identity":
    case "concatenation":
      // The builder lets the parts write straight into the joined tensor.
      return "free";
    default:
      return "memory";
  }
}

function size(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * Math.max(1, dim), 1);
}
