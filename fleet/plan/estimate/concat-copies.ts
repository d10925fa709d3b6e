import type { Layer, LayerTensor } from "../layers/index.ts";
import {
  type FusionRules,
  type Group,
  hasSum,
  isDense,
  isPointwise,
  isView,
  type Wiring,
} from "./group.ts";
import { isMerged } from "./siblings.ts";

/**
 * Parts of a concatenation that are copied; the others are written straight into the joined tensor. Copied are views
 * of something else, what a layer makes or reads that takes no strided tensor, results of merged convolutions and of
 * those that add, and what another concatenation got.
 */
export function copiedParts(
  join: Layer,
  layers: readonly Layer[],
  { makers, users }: Wiring,
  groupOf: ReadonlyMap<number, Group>,
  rules: FusionRules,
): LayerTensor[] {
  // TensorRT-RTX joins by a copy for Turing, and in place for Ada.
  if (rules.builder === "tensorrt-rtx" && rules.arch === "turing") return [...join.inputs];
  return join.inputs.filter(({ name }) => {
    const maker = layers[makers.get(name) ?? -1];
    const readers = (users.get(name) ?? []).flatMap((user) => layers[user] ?? []);
    const gotBy = readers.find(({ kind }) => kind === "concatenation");
    if (!maker || gotBy !== join) return true;
    if (maker.kind === "slice") return isView(maker, rules) || readers.length > 1;
    if (!takesStrides(maker) || !writesStrides(groupOf.get(maker.index) ?? [])) return true;
    return !readers.every((reader) => takesStrides(reader) || reader.kind === "concatenation");
  });
}

function writesStrides(group: Group): boolean {
  return !isMerged(group) && !(isDense(group[0]) && hasSum(group));
}

function takesStrides(layer: Layer): boolean {
  return layer.kind === "convolution" || layer.kind === "deconvolution" || isPointwise(layer);
}
