import type { Plan } from "../../../fleet/plan/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";

const TOP_REASONS = 3;

/** `notes` are what the reader should know of the question. */
export function summarisePlan(plan: Plan, notes: readonly string[]): PlanSummary {
  const { chosen, memoryMib } = plan;
  return {
    verdict: plan.verdict,
    summary: [plan.summary, ...notes].join("; "),
    ...(plan.jetpack !== null && { jetpack: plan.jetpack }),
    ...(chosen && { accelerator: chosen.accelerator, precision: chosen.precision }),
    ...(chosen?.fps && { estimatedFps: band(chosen.fps) }),
    ...(chosen?.latencyMs && { latencyMs: band(chosen.latencyMs) }),
    ...(memoryMib && { engineMemoryBytes: Math.round(memoryMib.expected * 2 ** 20) }),
    ...(chosen && {
      layers: {
        dla: chosen.dlaLayers,
        gpu: chosen.gpuLayers,
        fallbackReasons: fallbackReasons(plan),
      },
    }),
    buildMinutes: plan.buildMinutes,
    basis: plan.restsOn,
  };
}

export function absentPlan(why: string): PlanSummary {
  return { verdict: "absent", summary: why, basis: [] };
}

/**
 * Demands that the board cannot meet, with the nearest that it can. What TensorRT cannot build is none: this version
 * runs models on the CPU.
 */
export function impossibleDemands({ diagnostics }: Plan): string[] {
  return diagnostics
    .filter(
      ({ severity, rule }) => severity === "error" && /^(demand|gpu|accelerator)\./.test(rule),
    )
    .map(({ message, remedy }) => (remedy ? `${message}; ${remedy}` : message));
}

function fallbackReasons({ diagnostics }: Plan): string[] {
  return diagnostics
    .filter(({ severity, rule }) => severity === "info" && rule.startsWith("dla."))
    .sort((a, b) => b.nodes.length - a.nodes.length)
    .slice(0, TOP_REASONS)
    .map(({ message, nodes }) => `${nodes.length} × ${message}`);
}

function band({ low, expected, high }: { low: number; expected: number; high: number }) {
  return { low: rounded(low), mid: rounded(expected), high: rounded(high) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
