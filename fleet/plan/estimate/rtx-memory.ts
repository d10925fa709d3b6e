import type { GpuArch } from "../../boards/catalog/index.ts";
import { RTX_ACTIVATIONS, RTX_WEIGHTS, STREAM_WORKSPACE_MIB } from "../calibration/rtx.ts";
import type { Layer } from "../layers/index.ts";
import type { Interval } from "../plan-schema.ts";
import { type Group, groupsByLayer, isDepthwise, MATRIX, type Wiring, wiringOf } from "./group.ts";
import { BYTES, type Precision } from "./hardware.ts";
import { groupForRtx } from "./rtx-fusion.ts";

const MIB = 2 ** 20;

export interface RtxMemoryQuestion {
  arch: GpuArch;
  precision: Precision;
}

/** MiB of weights and between layers of an engine of TensorRT-RTX, as expected. */
export function rtxMemory(
  layers: readonly Layer[],
  { arch, precision }: RtxMemoryQuestion,
): { weights: number; activations: number } {
  const bytes = BYTES[precision];
  const wiring = wiringOf(layers);
  const groups = groupForRtx(layers, wiring, { trt: 0, arch, precision });
  const packs = packsOf(arch, precision);
  const own = layers.reduce((sum, one) => sum + one.weightElements, 0);
  const live = peakLive(groups, wiring, packs);
  return {
    weights: ((own + fillingElements(layers, packs)) * bytes) / MIB,
    activations: streamsOf(layers, wiring) * STREAM_WORKSPACE_MIB + (live * bytes) / MIB,
  };
}

/** The same with the bounds of the middle 80 % of engines that were built. */
export function rtxEngineMib(layers: readonly Layer[], question: RtxMemoryQuestion): Interval {
  const { weights, activations } = rtxMemory(layers, question);
  const arch = question.arch === "turing" ? "turing" : "ada";
  const of = (end: keyof Interval): number =>
    weights * RTX_WEIGHTS[arch][end] + activations * RTX_ACTIVATIONS[arch][end];
  return { low: of("low"), expected: of("expected"), high: of("high") };
}

/** Into how many channels a group of a convolution is filled up. */
interface Packs {
  dense: number;
  depthwise: number;
}

/** 16 bytes for Turing; for Ada 8, of dense convolutions, and in FP32 none. */
function packsOf(arch: GpuArch, precision: Precision): Packs {
  const bytes = BYTES[precision];
  if (arch === "turing") return { dense: 16 / bytes, depthwise: 16 / bytes };
  return { dense: precision === "fp32" ? 1 : 8 / bytes, depthwise: 1 };
}

/** Channels that each group of a convolution lacks to whole packs. */
function lacking(layer: Layer, { dense, depthwise }: Packs): number {
  const { kind, inputs, groups = 1 } = layer;
  const [input] = inputs;
  if (kind !== "convolution" || input?.dims.length !== 4) return 0;
  const pack = isDepthwise(layer) ? depthwise : dense;
  const each = (input.dims[1] ?? 0) / groups;
  return (pack - (each % pack)) % pack;
}

/**
 * Zeros that an engine keeps among its weights: as many as fill the channels of an input, once for all of a size, and
 * those of the weights that meet them.
 */
function fillingElements(layers: readonly Layer[], packs: Packs): number {
  const inputs = new Set<number>();
  let weights = 0;
  for (const layer of layers) {
    const lack = lacking(layer, packs);
    const [batch = 1, , ...picture] = layer.inputs[0]?.dims ?? [];
    if (lack === 0) continue;
    inputs.add(product([batch, layer.groups ?? 1, lack, ...picture]));
    weights += product([layer.outputs[0]?.dims[1] ?? 1, lack, ...(layer.window?.kernel ?? [])]);
  }
  return [...inputs].reduce((sum, one) => sum + one, weights);
}

/** Elements that wait for a later launch at any one time, with the filled input of the launch that runs. */
function peakLive(groups: readonly Group[], wiring: Wiring, packs: Packs): number {
  const order = [...groups].sort((a, b) => lastOf(a) - lastOf(b));
  const position = new Map(order.map((group, at) => [group, at]));
  const groupOf = groupsByLayer(groups);
  const at = (layer: number): number => position.get(groupOf.get(layer) ?? []) ?? order.length;
  const ending = new Map<number, number>();
  let [live, peak] = [0, 0];
  order.forEach((group, now) => {
    for (const { name, dims } of group.flatMap(({ outputs }) => outputs)) {
      const users = wiring.users.get(name) ?? [];
      const until =
        users.length === 0 ? order.length : users.reduce((last, one) => Math.max(last, at(one)), 0);
      if (until <= now) continue;
      live += product(dims);
      ending.set(until, (ending.get(until) ?? 0) + product(dims));
    }
    peak = Math.max(peak, live + filledInput(group[0], packs));
    live -= ending.get(now) ?? 0;
  });
  return peak;
}

function lastOf(group: Group): number {
  return group.reduce((last, { index }) => Math.max(last, index), 0);
}

function filledInput(layer: Layer | undefined, packs: Packs): number {
  const lack = layer ? lacking(layer, packs) : 0;
  if (!layer || lack === 0) return 0;
  const [input] = layer.inputs;
  const each = (input?.dims[1] ?? 1) / (layer.groups ?? 1);
  return (product(input?.dims ?? []) / each) * (each + lack);
}

/** Products that wait for none of each other: an engine has a stream for each, as far as can be told. */
function streamsOf(layers: readonly Layer[], { makers }: Wiring): number {
  const depths: number[] = [];
  const widths = new Map<number, number>();
  for (const { inputs, kind } of layers) {
    const before = inputs.reduce(
      (most, { name }) => Math.max(most, depths[makers.get(name) ?? -1] ?? 0),
      0,
    );
    const isProduct = MATRIX.has(kind);
    const depth = before + (isProduct ? 1 : 0);
    depths.push(depth);
    if (isProduct) widths.set(depth, (widths.get(depth) ?? 0) + 1);
  }
  return [...widths.values()].reduce((most, one) => Math.max(most, one), 1);
}

function product(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * Math.max(1, dim), 1);
}
