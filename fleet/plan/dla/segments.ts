import type { Layer } from "../layers/index.ts";
import { judge, type Objection } from "./judge.ts";
import type { DlaContext } from "./rule.ts";

export type Device = "dla" | "gpu";

export interface Placement {
  device: Device;
  /** Why not on DLA; null for a layer on DLA, or when nobody asked for it. */
  objection: Objection | null;
}

/** Layers that run together on one device without leaving it. A segment on DLA becomes one loadable. */
export interface Segment {
  id: number;
  device: Device;
  layers: Layer[];
}

export interface PlacedGraph {
  layers: readonly Layer[];
  /** By the layer's index. */
  placements: readonly Placement[];
  segments: Segment[];
  /** Tensors that cross from one device to the other, each of which a reformat on the GPU converts. */
  reformats: { tensor: string; from: Device; to: Device; elements: number }[];
}

/** Loadables that one core keeps at a time; the number before 8.5 is the safe reading of the 8.4 guide. */
export function maxLoadables(trt: number): number {
  return trt >= 805 ? 16 : 4;
}

/** Everything on the GPU. */
export function placeOnGpu(layers: readonly Layer[]): PlacedGraph {
  return assemble(
    layers,
    layers.map(() => ({ device: "gpu", objection: null })),
  );
}

/** On DLA what the rules allow, within the number of loadables; the rest falls back to the GPU. */
export function placeOnDla(layers: readonly Layer[], context: DlaContext): PlacedGraph {
  const placements = layers.map((layer): Placement => {
    const objection = judge(layer, context);
    return { device: objection === null ? "dla" : "gpu", objection };
  });
  const first = assemble(layers, placements);
  const dropped = surplusSegments(first, maxLoadables(context.trt));
  if (dropped.length === 0) return first;
  const limit = maxLoadables(context.trt);
  const total = first.segments.filter(({ device }) => device === "dla").length;
  const objection: Objection = {
    rule: "dla.loadables",
    message: `one of the ${total - limit} smallest of ${total} DLA subgraphs, where a core keeps ${limit} loadables`,
    remedy: null,
    source: context.trt >= 805 ? "faq" : "guide",
  };
  const surplus = new Set(
    dropped.flatMap(({ layers: inside }) => inside.map(({ index }) => index)),
  );
  const fewer = placements.map(
    (placement, at): Placement => (surplus.has(at) ? { device: "gpu", objection } : placement),
  );
  return assemble(layers, fewer);
}

function surplusSegments({ segments }: PlacedGraph, limit: number): Segment[] {
  const flops = (segment: Segment): number =>
    segment.layers.reduce((sum, layer) => sum + layer.flops, 0);
  return segments
    .filter(({ device }) => device === "dla")
    .sort((a, b) => flops(b) - flops(a) || a.id - b.id)
    .slice(limit);
}

function assemble(layers: readonly Layer[], placements: readonly Placement[]): PlacedGraph {
  const makers = makersOf(layers);
  const deviceOf = (index: number): Device => placements[index]?.device ?? "gpu";
  const segments = segmentsOf(layers, makers, deviceOf);
  const reformats: PlacedGraph["reformats"] = [];
  const seen = new Set<string>();
  for (const layer of layers) {
    for (const { name, dims } of layer.inputs) {
      const from = makers.has(name) ? deviceOf(makers.get(name) ?? 0) : "gpu";
      const to = deviceOf(layer.index);
      if (from === to || seen.has(`${name} ${to}`)) continue;
      seen.add(`${name} ${to}`);
      reformats.push({
        tensor: name,
        from,
        to,
        elements: dims.reduce((all, dim) => all * Math.max(1, dim), 1),
      });
    }
  }
  return { layers, placements, segments, reformats };
}

function makersOf(layers: readonly Layer[]): Map<string, number> {
  return new Map(
    layers.flatMap(({ outputs, index }) => outputs.map(({ name }) => [name, index] as const)),
  );
}

/**
 * Connected layers of one device and one level. The level grows at every change of device, so a path that leaves
 * a segment never comes back into it: each segment can run as a whole.
 */
function segmentsOf(
  layers: readonly Layer[],
  makers: ReadonlyMap<string, number>,
  deviceOf: (index: number) => Device,
): Segment[] {
  const levels: number[] = [];
  const parents = layers.map(({ index }) => index);
  const root = (at: number): number => {
    let top = at;
    while (parents[top] !== top) top = parents[top] ?? top;
    parents[at] = top;
    return top;
  };
  for (const { index, inputs } of layers) {
    const own = deviceOf(index);
    const before = inputs.flatMap(({ name }) => makers.get(name) ?? []);
    levels[index] = Math.max(
      0,
      ...before.map((one) => (levels[one] ?? 0) + (deviceOf(one) === own ? 0 : 1)),
    );
    for (const one of before) {
      const joins = deviceOf(one) === own && levels[one] === levels[index];
      if (joins) parents[Math.max(root(one), root(index))] = Math.min(root(one), root(index));
    }
  }
  const byRoot = new Map<number, Segment>();
  for (const layer of layers) {
    const top = root(layer.index);
    const segment = byRoot.get(top) ?? { id: byRoot.size, device: deviceOf(top), layers: [] };
    segment.layers.push(layer);
    byRoot.set(top, segment);
  }
  return [...byRoot.values()];
}
