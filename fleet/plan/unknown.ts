import type { Demand } from "./demand.ts";
import { type Layer, OPEN } from "./layers/index.ts";
import { groupBy } from "./lists.ts";
import type { Diagnostic } from "./plan-schema.ts";
import type { RemedyOf } from "./unknown-remedy.ts";

/** What nobody can say the cost of, one line per reason: with any of it, no speed is said. */
export function unknownDiagnostics(unknown: readonly Layer[], remedyOf: RemedyOf): Diagnostic[] {
  const byReason = groupBy(unknown, (layer) => layer.unknown ?? "");
  return [...byReason].map(([reason, layers]): Diagnostic => {
    const [first] = layers;
    const which = layers.length === 1 ? "a node" : `${layers.length} nodes`;
    return {
      severity: "warning",
      rule: reason === OPEN ? "onnx.open-shape" : "estimate.unknown",
      nodes: layers.map(({ name }) => name),
      message: `how fast the model is cannot be said: of ${which} (${opsOf(layers)}), first ${first?.name ?? ""}, ${reason}`,
      remedy: remedyOf(layers),
    };
  });
}

const OPS_NAMED = 4;

function opsOf(layers: readonly Layer[]): string {
  const ops = [...new Set(layers.map(({ op }) => op))];
  const more = ops.length > OPS_NAMED ? ", …" : "";
  return `${ops.slice(0, OPS_NAMED).join(", ")}${more}`;
}

const OPEN_DEMAND = "demand.unknown";
const DEMANDS = [OPEN_DEMAND, "demand.throughput", "demand.latency", "demand.gpu", "demand.dla"];

/** A demand of which nobody can say that it is met: the speed is not known, or hardly enough. */
export function isOpenDemand({ rule, severity }: Diagnostic): boolean {
  return severity === "warning" && DEMANDS.includes(rule);
}

/** What is asked for where nobody can say how fast the model is: unknown never meets a demand. */
export function openDemands(
  { fps, latencyMs }: Demand,
  module: string,
  unknown: readonly Layer[],
  remedyOf: RemedyOf,
): Diagnostic[] {
  const [first] = unknown;
  if (!first || (fps === 0 && latencyMs === null)) return [];
  const asked = [
    ...(fps > 0 ? [`${Number(fps.toFixed(1))} fps`] : []),
    ...(latencyMs === null ? [] : [`at most ${latencyMs} ms`]),
  ].join(" and ");
  return [
    {
      severity: "warning",
      rule: OPEN_DEMAND,
      nodes: [first.name],
      message: `${module}: whether it gives ${asked} cannot be said; of ${first.name} (${first.op}) ${first.unknown ?? ""}`,
      remedy: remedyOf(unknown),
    },
  ];
}
