import type { BuiltLayer } from "./built-layers.ts";
import type { PlannedLayer } from "./plan-schema.ts";

/** One node of the model, as the planner and the builder see it. */
export interface PlacementOpinion {
  node: string;
  op: string;
  planner: "gpu" | "dla";
  /** The planner's reason for the GPU. */
  rule: string | null;
  /** Null: the builder names no layer for it, as of nodes that it folded away. */
  builder: "gpu" | "dla" | null;
  reason: string | null;
  /** Null where the builder says nothing. */
  agree: boolean | null;
}

export interface PlacementOpinions {
  /** Of nodes that the planner counts as layers. */
  opinions: PlacementOpinion[];
  disagreements: number;
  /** Layers of the builder that are no node of the model: reformats, and what it made up. */
  unmatched: string[];
}

/**
 * The planner's verdict beside the builder's, node by node. `wanted` is the accelerator that the engine was asked for; a
 * layer whose place is not told is there. Fused layers are named after their nodes, joined by " + " or " || ", within
 * "{ForeignNode[first...last]}" for a part of the graph that a DLA takes as one: that range goes by the model's order.
 */
export function placementOpinions(
  planned: readonly PlannedLayer[],
  built: readonly BuiltLayer[],
  wanted: "gpu" | "dla",
): PlacementOpinions {
  const matched = nodesByLayer(planned, built);
  const unmatched = built.filter((layer) => !matched.has(layer)).map(({ name }) => name);
  const seen = new Map<string, BuiltLayer>();
  for (const [layer, nodes] of matched) for (const { node } of nodes) seen.set(node, layer);
  const opinions = planned.map(({ node, op, device, rule }): PlacementOpinion => {
    const layer = seen.get(node);
    const builder = layer === undefined ? null : placeOf(layer, wanted);
    return {
      node,
      op,
      planner: device,
      rule,
      builder,
      reason: layer?.reason ?? null,
      agree: builder === null ? null : builder === device,
    };
  });
  const disagreements = opinions.filter(({ agree }) => agree === false).length;
  return { opinions, disagreements, unmatched };
}

/** The nodes that layers of the builder hold; those that hold none are not in it. */
export function nodesByLayer(
  planned: readonly PlannedLayer[],
  built: readonly BuiltLayer[],
): Map<BuiltLayer, PlannedLayer[]> {
  const order = new Map(planned.map(({ node }, index) => [node, index]));
  const matched = new Map<BuiltLayer, PlannedLayer[]>();
  for (const layer of built) {
    const told = (layer.nodes ?? []).filter((node) => order.has(node));
    const names = told.length > 0 ? told : nodesOf(layer.name, planned, order);
    const nodes = names.flatMap((name) => planned[order.get(name) ?? -1] ?? []);
    if (nodes.length > 0) matched.set(layer, nodes);
  }
  return matched;
}

function placeOf({ accelerator }: BuiltLayer, wanted: "gpu" | "dla"): "gpu" | "dla" {
  if (accelerator === null) return wanted;
  return accelerator.toLowerCase().startsWith("dla") ? "dla" : "gpu";
}

function nodesOf(
  name: string,
  planned: readonly PlannedLayer[],
  order: ReadonlyMap<string, number>,
): string[] {
  if (order.has(name)) return [name];
  const [, first = "", last = ""] = /^\{ForeignNode\[(.+?)\.\.\.(.+)\]\}$/.exec(name) ?? [];
  const [from, to] = [order.get(first), order.get(last)];
  if (from !== undefined && to !== undefined) {
    return planned.slice(from, to + 1).map(({ node }) => node);
  }
  return name
    .split(/ \+ | \|\| /)
    .map((part) => part.replace(/^PWN\((.*)\)$/, "$1"))
    .filter((part) => order.has(part));
}
