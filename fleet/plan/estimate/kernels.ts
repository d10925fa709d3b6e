import type { PlacedGraph } from "../dla/index.ts";
import type { Layer, LayerTensor } from "../layers/index.ts";
import { groupBy } from "../lists.ts";
import { copiedParts } from "./concat-copies.ts";
import { groupLayers } from "./fusion.ts";
import {
  type FusionRules,
  type Group,
  groupsByLayer,
  isDepthwise,
  isView,
  type Wiring,
  wiringOf,
} from "./group.ts";
import { layoutCopies } from "./rtx-copies.ts";
import { groupForRtx } from "./rtx-fusion.ts";

/** Kinds of work that run at different shares of the peak. */
export type WorkClass =
  | "conv"
  | "depthwise"
  | "earlyDepthwise"
  | "deconv"
  | "matmul"
  | "memory"
  | "copy"
  | "free";

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
  /** Times it runs after itself in one inference, with so many launches each; the figures above are of one time. */
  rounds: number;
  launches: number;
  /** Bytes an element has at least: functions with exponentials run in FP16 inside INT8 networks. */
  leastBytes: number;
}

/** The launches of an engine, with what each of them costs. */
export function fuse(placed: PlacedGraph, rules: FusionRules): Kernel[] {
  const { layers, placements } = placed;
  const wiring = wiringOf(layers);
  const isRtx = rules.builder === "tensorrt-rtx";
  const fused = isRtx ? groupForRtx(layers, wiring, rules) : groupLayers(placed, wiring, rules);
  const groups = fused.flatMap(inOnePlace);
  const groupOf = groupsByLayer(groups);
  const kernels = groups.map((group) => {
    const [first] = group;
    const device = placements[first?.index ?? 0]?.device ?? "gpu";
    const kernel = toKernel(layers, group, device, wiring, rules);
    if (first?.kind !== "concatenation" || group.length > 1) return kernel;
    const copied = copiedParts(first, layers, wiring, groupOf, rules);
    const elements = copied.reduce((sum, { dims }) => sum + size(dims), 0);
    if (elements === 0) return { ...kernel, work: "free" as const, elements };
    // Listings have each copied part as a layer of its own.
    const [work, launches] = isRtx ? (["memory", 1] as const) : (["copy", copied.length] as const);
    return { ...kernel, work, launches, elements: 2 * elements };
  });
  return isRtx ? [...kernels, ...layoutCopies(groups, wiring, rules).map(toCopy)] : kernels;
}

/** Nothing is fused across the border of a loop or branch. */
function inOnePlace(group: Group): Group[] {
  const places = groupBy(group, ({ within = "", rounds = 1 }) => `${rounds} ${within}`);
  return places.size === 1 ? [group] : [...places.values()];
}

/** A launch that only moves, and belongs to no layer. */
function toCopy(elements: number): Kernel {
  return {
    device: "gpu",
    work: "memory",
    layers: [],
    flops: 0,
    elements,
    weightElements: 0,
    channels: 1,
    outputElements: elements,
    winograd: false,
    rounds: 1,
    launches: 1,
    leastBytes: 1,
  };
}

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

function feedsExponential(
  written: readonly LayerTensor[],
  users: Wiring["users"],
  layers: readonly Layer[],
): boolean {
  return written.some(({ name }) =>
    users.get(name)?.some((user) => WITH_EXPONENTIAL.has(layers[user]?.op ?? "")),
  );
}

function toKernel(
  layers: readonly Layer[],
  group: Group,
  device: Kernel["device"],
  { users }: Wiring,
  rules: FusionRules,
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
  const work = workOf(group, rules);
  const { rounds = 1, passes = 1, directions = 1 } = first ?? {};
  const elements = [...read.values()].reduce((sum, one) => sum + one, 0) + outputElements;
  const weights = group.reduce((sum, { weightElements }) => sum + weightElements, 0);
  return {
    device,
    work,
    layers: [...inside],
    flops: group.reduce((sum, { flops }) => sum + flops, 0) / rounds,
    elements: elements / passes,
    weightElements: weights / directions,
    channels: Math.max(1, channels / (first?.groups ?? 1)),
    outputElements: outputElements / passes,
    winograd: isWinograd(first),
    rounds,
    launches: launchesOf(first, work),
    leastBytes:
      group.some(({ op }) => WITH_EXPONENTIAL.has(op)) || feedsExponential(written, users, layers)
        ? 2
        : 1,
  };
}

const RECURRENT = new Set(["LSTM", "GRU", "RNN"]);
/** A product of the state, its sum with that of the input, and the gates; no listing of such an engine is known. */
const LAUNCHES_A_STEP = 3;

function launchesOf(layer: Layer | undefined, work: WorkClass): number {
  if (work === "earlyDepthwise") return layer?.groups ?? 1;
  return RECURRENT.has(layer?.op ?? "") ? LAUNCHES_A_STEP : 1;
}

function isWinograd(layer: Layer | undefined): boolean {
  const { kernel = [], stride = [], dilation = [] } = layer?.window ?? {};
  const ones = [...stride, ...dilation].every((one) => one === 1);
  return layer?.kind === "convolution" && kernel.join() === "3,3" && ones && layer.groups === 1;
}

/** First TensorRT with kernels for depthwise convolutions. */
const OWN_DEPTHWISE = 500;

function workOf(group: Group, rules: FusionRules): WorkClass {
  const [layer] = group;
  switch (layer?.kind) {
    case "convolution":
      if (!isDepthwise(layer)) return "conv";
      return rules.trt < OWN_DEPTHWISE ? "earlyDepthwise" : "depthwise";
    case "deconvolution":
      return "deconv";
    case "matrixMultiply":
      return "matmul";
    default:
      if (layer && (RECURRENT.has(layer.op) || layer.op === "Einsum")) return "matmul";
      return group.every((one) => isFree(one, rules)) ? "free" : "memory";
  }
}

/** Worked out before the first picture, or a choice between results that are there. */
const FREE = new Set(["Shape", "Size", "Constant", "If"]);

/** A reshape only renames dimensions; a transpose moves data. */
function isFree(layer: Layer, rules: FusionRules): boolean {
  if (layer.kind === "shuffle") return !/Transpose|Space/.test(layer.op);
  return layer.kind === "identity" || FREE.has(layer.op) || isView(layer, rules);
}

function size(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * Math.max(1, dim), 1);
}
