import type { GpuArch } from "../../boards/catalog/index.ts";
import type { Layer } from "../layers/index.ts";
import { append } from "../lists.ts";
import type { Builder, Precision } from "./hardware.ts";

export interface FusionRules {
  /** TensorRT as a comparable number. */
  trt: number;
  arch: GpuArch;
  precision: Precision;
  /** Who builds: TensorRT on a Jetson, TensorRT-RTX for the cards of PCs. TensorRT where not said. */
  builder?: Builder;
}

/** Layers of one launch, in the order in which they were found to belong to it. */
export type Group = Layer[];

/** Who makes a tensor, and who reads it, by the layers' indices. */
export interface Wiring {
  makers: ReadonlyMap<string, number>;
  users: ReadonlyMap<string, readonly number[]>;
}

const POINTWISE = new Set<Layer["kind"]>([
  "activation",
  "elementwise",
  "scale",
  "unary",
  "parametricRelu",
  "select",
]);
export const MATRIX = new Set<Layer["kind"]>(["convolution", "deconvolution", "matrixMultiply"]);

export function isPointwise({ kind }: Layer): boolean {
  return POINTWISE.has(kind);
}

export function isDense(layer: Layer | undefined): boolean {
  return layer?.kind === "convolution" && layer.groups === 1;
}

export function isDepthwise({ kind, groups = 1, inputs: [input] }: Layer): boolean {
  return kind === "convolution" && groups > 1 && groups === (input?.dims[1] ?? 0);
}

export function hasSum(group: readonly Layer[]): boolean {
  return group.some(({ kind }) => kind === "elementwise");
}

export function wiringOf(layers: readonly Layer[]): Wiring {
  const makers = new Map<string, number>();
  const users = new Map<string, number[]>();
  for (const { inputs, outputs, index } of layers) {
    for (const { name } of outputs) makers.set(name, index);
    for (const { name } of inputs) append(users, name, index);
  }
  return { makers, users };
}

export function groupsByLayer(groups: readonly Group[]): Map<number, Group> {
  return new Map(groups.flatMap((group) => group.map(({ index }) => [index, group] as const)));
}

/**
 * A run of channels that later layers read in place; in listings from 8.2 on, with seldom exceptions. TensorRT-RTX
 * copies it.
 */
export function isView(layer: Layer, { trt, builder }: FusionRules): boolean {
  if (builder === "tensorrt-rtx") return false;
  const ones = (layer.steps ?? []).every((step) => step === 1);
  const plain = layer.op === "Split" || layer.op === "Slice";
  return trt >= 802 && layer.kind === "slice" && plain && ones && layer.axes?.join() === "1";
}
