import {
  type LayerDifference,
  type LayersBesidePlan,
  MAX_LAYER_DIFFERENCES,
} from "../contract/index.ts";
import type { BuiltLayer } from "./built-layers.ts";
import { nodesByLayer, placementOpinions } from "./placement-opinions.ts";
import type { Plan, PlannedLayer } from "./plan-schema.ts";

/** As an engine's profiler measured it. */
export interface LayerTime {
  name: string;
  ms: number;
}

/** Of an inference: what takes less, and is off by less, makes no plan wrong. */
const LEAST_SHARE = 0.01;

/**
 * Where an engine is not as planned: nodes on another accelerator, layers in another precision, layers that take a time
 * outside of the plan's interval. `times` is empty where nothing was measured. What either side does not say is counted,
 * and agrees with nothing.
 */
export function layersBesidePlan(
  plan: Pick<Plan, "layers" | "chosen">,
  built: readonly BuiltLayer[],
  times: readonly LayerTime[],
  wanted: "gpu" | "dla",
): LayersBesidePlan {
  const { opinions, unmatched } = placementOpinions(plan.layers, built, wanted);
  const told = opinions.filter(({ builder }) => builder !== null);
  const matched = [...nodesByLayer(plan.layers, built)];
  const precise = matched.filter(([{ precision }]) => precision !== undefined);
  const timed = timedLayers(matched, times);
  const all = [
    ...told.flatMap(({ node, planner, builder, agree }): LayerDifference[] =>
      agree === false ? [difference(node, "place", planner, builder ?? "")] : [],
    ),
    ...precisionDifferences(plan, precise),
    ...slowAndFast(plan, timed),
  ];
  const differences = all.slice(0, MAX_LAYER_DIFFERENCES);
  return {
    ...{ compared: told.length, silent: opinions.length - told.length },
    ...{ unmatched: unmatched.length, precisions: precise.length, timed: timed.length },
    ...{ differences, more: all.length - differences.length },
  };
}

type Matched = [BuiltLayer, PlannedLayer[]];

function precisionDifferences(
  { chosen }: Pick<Plan, "chosen">,
  layers: readonly Matched[],
): LayerDifference[] {
  return layers.flatMap(([{ name, precision }]) =>
    chosen === null || precision === undefined || precision === chosen.precision
      ? []
      : [difference(name, "precision", chosen.precision, precision)],
  );
}

interface Timed {
  name: string;
  plannedMs: number;
  ms: number;
}

/** Those of which both sides know the time. */
function timedLayers(matched: readonly Matched[], times: readonly LayerTime[]): Timed[] {
  const measured = new Map(times.map(({ name, ms }) => [name, ms]));
  return matched.flatMap(([{ name }, nodes]) => {
    const ms = measured.get(name);
    const planned = nodes.map((node) => node.ms);
    if (ms === undefined || planned.includes(null)) return [];
    return [{ name, ms, plannedMs: planned.reduce<number>((sum, one) => sum + (one ?? 0), 0) }];
  });
}

/** Those outside of the interval, as wide as that of the whole, that count most for the whole first. */
function slowAndFast({ chosen }: Pick<Plan, "chosen">, layers: readonly Timed[]) {
  const whole = chosen?.latencyMs;
  if (!whole) return [];
  const { expected, low, high } = whole;
  const off = ({ ms, plannedMs }: Timed): number => Math.abs(ms - plannedMs);
  return layers
    .filter((layer) => {
      const [least, most] = [low, high].map((end) => (layer.plannedMs * end) / expected) as [
        number,
        number,
      ];
      return (layer.ms < least || layer.ms > most) && off(layer) >= LEAST_SHARE * expected;
    })
    .sort((a, b) => off(b) - off(a))
    .map(({ name, ms, plannedMs }) => difference(name, "ms", inShort(plannedMs), inShort(ms)));
}

function difference(
  layer: string,
  what: LayerDifference["what"],
  planned: string,
  measured: string,
): LayerDifference {
  return { layer: layer.slice(0, 200), what, planned, measured };
}

function inShort(value: number): string {
  return String(Number(value.toPrecision(3)));
}
