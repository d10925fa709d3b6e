import { candidatesOf, hasOpenCost, type PlacedCandidate, withoutSpeed } from "./candidates.ts";
import { batchOf } from "./describe.ts";
import type { Precision } from "./estimate/hardware.ts";
import type { MappedGraph } from "./layers/index.ts";
import type { Candidate } from "./plan-schema.ts";
import type { Platform, Precisions } from "./settle.ts";
import type { ShapedGraph } from "./shapes/index.ts";

/** The ways to run a model, and whether its dimensions allow to say how fast. */
export interface Ways {
  buildable: boolean;
  isOpen: boolean;
  batch: number;
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
  const isOpen = hasOpenCost(layers);
  const batch = batchOf(shaped);
  const ways = (one: Precision): PlacedCandidate[] => {
    if (!buildable) return [];
    const made = candidatesOf(layers, { trt, hardware, dlaCores, batch, precision: one });
    return isOpen ? made.map(withoutSpeed) : made;
  };
  const everyWay = (): Candidate[] =>
    open.flatMap((one) => ways(one).map(({ candidate }) => candidate));
  return { buildable, isOpen, batch, candidates: ways(settled), everyWay };
}
