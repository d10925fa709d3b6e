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

/**
 * Subgraphs that the builder gives to one core. Build logs of Xavier say 8 on TensorRT 5 to 7.1 and 16 on 8.5; the
 * guide of the 8.4 era says that 4 loadables run at a time. Between 7.1 and 8.5 no log is known: the old 8 stands.
 */
export function maxLoadables(trt: number): number {
  return trt >= 805 ? 16 : 8;
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
  const first = withoutHeavy(assemble(layers, placements), context);
  const dropped = surplusSegments(first, maxLoadables(context.trt));
  if (dropped.length === 0) return first;
  const limit = maxLoadables(context.trt);
  const total = first.segments.filter(({ device }) => device === "dla").length;
  const objection: Objection = {
    rule: "dla.loadables",
    message: `one of the ${total - limit} smallest of ${total} DLA subgraphs, where a core takes ${limit}`,
    remedy: null,
    source: "logs",
  };
  const surplus = new Set(
    dropped.flatMap(({ layers: inside }) => inside.map(({ index }) => index)),
  );
  const fewer = first.placements.map(
    (placement, at): Placement => (surplus.has(at) ? { device: "gpu", objection } : placement),
  );
  return assemble(layers, fewer);
}

/** Weights of one subgraph, from 7.1 on; the guides of TensorRT 5 and 6 say the same number. */
const MOST_WEIGHT_BYTES = 512 * 2 ** 20;

/** A subgraph with more weights than a loadable holds runs on the GPU as a whole. */
function withoutHeavy(graph: PlacedGraph, { precision }: DlaContext): PlacedGraph {
  const bytes = precision === "int8" ? 1 : 2;
  const placements = [...graph.placements];
  for (const { device, layers } of graph.segments) {
    const weights = bytes * layers.reduce((sum, { weightElements }) => sum + weightElements, 0);
    if (device !== "dla" || weights <= MOST_WEIGHT_BYTES) continue;
    const message = `a subgraph with ${Math.round(weights / 2 ** 20)} MiB of weights, more than 512`;
    const objection: Objection = { rule: "dla.weights", message, remedy: null, source: "guide" };
    for (const { index } of layers) placements[index] = { device: "gpu", objection };
  }
  return assemble(graph.layers, placements);
}

/** The builder keeps the subgraphs of most layers, of equal ones the first; a log of YOLOv4 shows it. */
function surplusSegments({ segments }: PlacedGraph, limit: number): Segment[] {
  return segments
    .filter(({ device }) => device === "dla")
    .sort((a, b) => b.layers.length - a.layers.length || a.id - b.id)
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
 * Layers of one device and one level. The level grows at every change of device, so a path that leaves a segment never
 * comes back into it: each segment can run as a whole. Layers of a level need not touch; logs show them in one subgraph.
 */
function segmentsOf(
  layers: readonly Layer[],
  makers: ReadonlyMap<string, number>,
  deviceOf: (index: number) => Device,
): Segment[] {
  const levels: number[] = [];
  const byPlace = new Map<string, Segment>();
  for (const layer of layers) {
    const device = deviceOf(layer.index);
    const before = layer.inputs.flatMap(({ name }) => makers.get(name) ?? []);
    const level = Math.max(
      0,
      ...before.map((one) => (levels[one] ?? 0) + (deviceOf(one) === device ? 0 : 1)),
    );
    levels[layer.index] = level;
    const place = `${device} ${level}`;
    const segment = byPlace.get(place) ?? { id: byPlace.size, device, layers: [] };
    segment.layers.push(layer);
    byPlace.set(place, segment);
  }
  return [...byPlace.values()];
}
