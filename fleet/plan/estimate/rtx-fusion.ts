import type { Layer } from "../layers/index.ts";
import { type FusionRules, type Group, isPointwise, MATRIX, type Wiring } from "./group.ts";
import { type Deep, functionsOf } from "./rtx-functions.ts";

// What is fused was read from engines that TensorRT-RTX 1.7 built for T4 and L4: test/plan/silicon/results/rtx.

/** A launch that grows. */
interface Launch {
  layers: Layer[];
  /** Depth of the layer that joined last. */
  depth: number;
  /** Whether what moves or computes element by element may join. */
  generated: boolean;
  /** Reads by layers that are not part of it. */
  open: number;
}
type Launches = Map<number, Launch>;

/**
 * Layers of one launch as TensorRT-RTX fuses them. A matrix product takes the functions of its result with it; all
 * that moves data or computes element by element between two of them is one generated kernel, up to a reduction.
 */
export function groupForRtx(
  layers: readonly Layer[],
  wiring: Wiring,
  { arch }: FusionRules,
): Group[] {
  const deep = { layers, wiring, arch, depths: depthsOf(layers, wiring) };
  const launchOf: Launches = new Map();
  for (const layer of layers) {
    if (launchOf.has(layer.index)) continue;
    if (isGenerated(layer)) generate(layer, deep, launchOf);
    else anchor(layer, deep, launchOf);
  }
  return [...new Set(launchOf.values())].map((launch) => launch.layers);
}

const GENERATED = new Set<Layer["kind"]>([
  "shuffle",
  "slice",
  "gather",
  "concatenation",
  "resize",
  "softmax",
  "reduce",
  "identity",
  "cast",
]);
/** Kernels end with them: what reads their result waits for the whole of it. */
const ENDS = new Set<Layer["kind"]>(["reduce", "softmax"]);

function isGenerated(layer: Layer): boolean {
  return isPointwise(layer) || GENERATED.has(layer.kind);
}

/** Launches a layer that no generated kernel holds, with the functions that it takes. */
function anchor(layer: Layer, deep: Deep, launchOf: Launches): void {
  const functions = MATRIX.has(layer.kind) ? functionsOf(layer, deep) : [];
  const depth = deep.depths[layer.index] ?? 0;
  const launch = { layers: [], depth, generated: false, open: 0 };
  for (const one of [layer, ...functions]) add(one, launch, launchOf);
}

function add(layer: Layer, launch: Launch, launchOf: Launches): void {
  launch.layers.push(layer);
  launchOf.set(layer.index, launch);
}

/** Adds a layer to the kernels that it reads, which become one. */
function generate(layer: Layer, deep: Deep, launchOf: Launches): void {
  const depth = deep.depths[layer.index] ?? 0;
  const joined = joinable(layer, depth, deep, launchOf);
  const [launch = { layers: [], depth, generated: true, open: 0 }, ...others] = [
    ...joined.keys(),
  ].sort((a, b) => b.layers.length - a.layers.length);
  for (const other of others) {
    for (const member of other.layers) add(member, launch, launchOf);
    launch.open += other.open;
  }
  add(layer, launch, launchOf);
  launch.depth = depth;
  launch.open += readsOf(layer, deep.wiring);
  for (const reads of joined.values()) launch.open -= reads;
}

/**
 * The kernels that a layer can join, with how often it reads them. Those of its depth never wait for each other, and
 * one that nobody else reads can wait for the others.
 */
function joinable(
  layer: Layer,
  depth: number,
  { layers, wiring }: Deep,
  launchOf: Launches,
): Map<Launch, number> {
  const reads = new Map<Launch, number>();
  const ended = new Set<Launch>();
  for (const { name } of layer.inputs) {
    const maker = layers[wiring.makers.get(name) ?? -1];
    const launch = maker && launchOf.get(maker.index);
    if (!maker || !launch?.generated) continue;
    reads.set(launch, (reads.get(launch) ?? 0) + 1);
    if (ENDS.has(maker.kind)) ended.add(launch);
  }
  const joins = ([launch, count]: [Launch, number]): boolean =>
    !ended.has(launch) && (launch.depth === depth || launch.open === count);
  return new Map([...reads].filter(joins));
}

function readsOf({ outputs }: Layer, { users }: Wiring): number {
  return outputs.reduce((sum, { name }) => sum + (users.get(name)?.length ?? 0), 0);
}

/** How many layers lead to each, at most, that wait for all of their input: products, poolings, finished reductions. */
function depthsOf(layers: readonly Layer[], { makers }: Wiring): number[] {
  const depths: number[] = [];
  for (const layer of layers) {
    const read = layer.inputs.map(({ name }) => {
      const maker = layers[makers.get(name) ?? -1];
      const depth = depths[maker?.index ?? -1] ?? 0;
      return maker && ENDS.has(maker.kind) ? depth + 1 : depth;
    });
    depths.push(Math.max(0, ...read) + (isGenerated(layer) ? 0 : 1));
  }
  return depths;
}
