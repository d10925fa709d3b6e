import { batchOf } from "./batch.ts";
import { candidatesOf, joined, type PlacedCandidate, withoutSpeed } from "./candidates.ts";

import type { Precision } from "./estimate/hardware.ts";
import type { Layer, MappedGraph } from "./layers/index.ts";
import type { Candidate } from "./plan-schema.ts";
import type { Platform, Precisions } from "./settle.ts";
import type { ShapedGraph } from "./shapes/index.ts";
import { type Variant, variantsOf } from "./variants.ts";

/** The ways to run a model, and what is not known of it. */
export interface Ways {
  buildable: boolean;
  /** Layers whose cost nobody can say: with any of them, no speed is said. */
  unknown: readonly Layer[];
  batch: number;
  /** The most that one inference may have to do, which the candidates' placements are of. */
  most: Variant;
  candidates: PlacedCandidate[];
  everyWay: () => Candidate[];
}

export function waysOf(
  { layers, refusals }: MappedGraph,
  shaped: ShapedGraph,
  { trt, hardware, dlaCores }: Platform,
  { settled, open }: Precisions,
): Ways {
  const buildable = refusals.length === 0;
  const unknown = layers.filter((layer) => layer.unknown !== undefined);
  const batch = batchOf(shaped);
  const variants = variantsOf(layers);
  const most = variants[variants.length - 1] ?? { layers: [], places: new Map() };
  const ways = (one: Precision): PlacedCandidate[] => {
    if (!buildable) return [];
    const of = (variant: Variant): PlacedCandidate[] =>
      candidatesOf(variant.layers, { trt, hardware, dlaCores, batch, precision: one });
    const made = joined(variants.map(of));
    return unknown.length > 0 ? made.map(withoutSpeed) : made;
  };
  const everyWay = (): Candidate[] =>
    open.flatMap((one) => ways(one).map(({ candidate }) => candidate));
  return { buildable, unknown, batch, most, candidates: ways(settled), everyWay };
}
