import type { GpuArch } from "../../boards/catalog/index.ts";
import type { Layer } from "../layers/index.ts";
import { isDepthwise, isPointwise, MATRIX, type Wiring } from "./group.ts";

/** A graph with the depth of each layer: how many layers that wait for their whole input lead to it. */
export interface Deep {
  layers: readonly Layer[];
  wiring: Wiring;
  depths: readonly number[];
  arch: GpuArch;
}

/**
 * What TensorRT-RTX computes at the end of a matrix product, in order: scales, functions of its result alone, SiLU
 * among them, and one sum with what is ready by then.
 */
export function functionsOf(anchor: Layer, deep: Deep): Layer[] {
  const chain = [anchor];
  for (let next = nextOf(chain, deep); next.length > 0; next = nextOf(chain, deep))
    chain.push(...next);
  return areFilled(chain, deep) ? [] : chain.slice(1);
}

/** Scales before a depthwise convolution are computed for Turing where its channels are filled up. */
function areFilled(chain: readonly Layer[], deep: Deep): boolean {
  if (deep.arch !== "turing" || !chain.some(({ kind }) => kind === "scale")) return false;
  const made = chain[chain.length - 1]?.outputs[0]?.name ?? "";
  return readersOf(made, deep).some(isDepthwise);
}

function nextOf(chain: readonly Layer[], deep: Deep): Layer[] {
  const last = chain[chain.length - 1];
  const result = last?.outputs[0]?.name;
  if (result === undefined || last?.outputs.length !== 1) return [];
  const readers = readersOf(result, deep);
  const [first, second] = readers;
  if (!first || !isPointwise(first)) return [];
  if (second !== undefined) return isSilu(readers, result, deep) ? [first, second] : [];
  const other = first.inputs.find(({ name }) => name !== result);
  const taken = other ? isResidual(first, other.name, chain, deep) : isTaken(first, deep);
  return taken ? [first] : [];
}

function readersOf(name: string, { layers, wiring }: Deep): Layer[] {
  return [...new Set(wiring.users.get(name))].flatMap((user) => layers[user] ?? []);
}

/** A clipping activation and a scale always; other functions unless a resize follows, which computes them itself. */
function isTaken(layer: Layer, deep: Deep): boolean {
  if (layer.op === "Relu" || layer.op === "Clip" || layer.kind === "scale") return true;
  const isFunction = layer.kind === "activation" || layer.kind === "parametricRelu";
  return isFunction && !feedsResize(layer, deep);
}

function isSilu([sigmoid, product]: readonly Layer[], result: string, deep: Deep): boolean {
  if (sigmoid?.op !== "Sigmoid" || product?.operation !== "PROD") return false;
  const made = sigmoid.outputs[0]?.name ?? "";
  const own = product.inputs.every(({ name }) => name === result || name === made);
  // A resize computes it for Turing; the engines for Ada leave it to the product.
  const resized = deep.arch === "turing" && feedsResize(product, deep);
  return own && deep.wiring.users.get(made)?.length === 1 && !resized;
}

function feedsResize({ outputs }: Layer, deep: Deep): boolean {
  return outputs.some(({ name }) => readersOf(name, deep).some(({ kind }) => kind === "resize"));
}

/** Of two products that are added the deeper one adds, and of two as deep the later one. */
function isResidual(
  sum: Layer,
  other: string,
  chain: readonly Layer[],
  { layers, wiring, depths }: Deep,
): boolean {
  if (sum.kind !== "elementwise" || sum.operation !== "SUM" || sum.inputs.length !== 2)
    return false;
  const [anchor] = chain;
  const maker = layers[wiring.makers.get(other) ?? -1];
  const depth = depths[maker?.index ?? -1] ?? 0;
  const own = depths[anchor?.index ?? -1] ?? 0;
  const isProduct = maker !== undefined && MATRIX.has(maker.kind);
  const isReady = depth < own || (depth === own && isProduct && maker.index < (anchor?.index ?? 0));
  return isReady && maker?.kind !== "resize" && !chain.some(({ operation }) => operation === "SUM");
}
