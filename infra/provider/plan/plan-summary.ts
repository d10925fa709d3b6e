import type { PlanSummary } from "../../../fleet/spec/index.ts";
import type { KeptPlan } from "./kept-plans.ts";
import { asksAnything, type PlanQuestion } from "./plan-question.ts";

const TOP_REASONS = 3;

interface Circumstances {
  /** What the reader should know of the question. */
  notes: readonly string[];
  warnings: string[];
}

const DEMAND = { runs: "met", refused: "missed", unknown: "unknown" } as const;

export function summarisePlan(
  plan: KeptPlan,
  question: PlanQuestion,
  { notes, warnings }: Circumstances,
) {
  const { chosen, memoryMib } = plan;
  const summary: PlanSummary = {
    // A model whose demand is open runs all the same, and agents of former versions know no third verdict.
    verdict: plan.verdict === "unknown" ? "runs" : plan.verdict,
    ...(asksAnything(question) && { demand: demandOf(plan, question) }),
    summary: [plan.summary, ...notes].join("; "),
    modelDigest: question.digest,
    module: plan.module,
    ...(plan.jetpack !== null && { jetpack: plan.jetpack }),
    powerMode: plan.powerMode,
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
    ...(plan.buildMinutes && { buildMinutes: minutes(plan.buildMinutes) }),
    ...(warnings.length > 0 && { warnings }),
    basis: plan.restsOn,
  };
  return summary;
}

/** What would be met if nothing else ran is not known to be where secondary models do, whose time nobody knows. */
function demandOf({ verdict }: KeptPlan, { secondary = [] }: PlanQuestion): PlanSummary["demand"] {
  return verdict === "runs" && secondary.length > 0 ? "unknown" : DEMAND[verdict];
}

export function absentPlan(error: unknown, question: PlanQuestion): PlanSummary {
  const why = error instanceof Error ? error.message : String(error);
  return {
    verdict: "absent",
    summary: `no plan: ${why}`,
    modelDigest: question.digest,
    ...(asksAnything(question) && {
      warnings: [`whether the silicon gives what is asked for is not known: ${why}`],
    }),
    basis: [],
  };
}

function fallbackReasons({ diagnostics }: KeptPlan): string[] {
  return diagnostics
    .filter(({ severity, rule }) => severity === "info" && rule.startsWith("dla."))
    .sort((a, b) => b.nodes.length - a.nodes.length)
    .slice(0, TOP_REASONS)
    .map(({ message, nodes }) => `${nodes.length} × ${message}`);
}

function band({ low, expected, high }: { low: number; expected: number; high: number }) {
  return { low: rounded(low), mid: rounded(expected), high: rounded(high) };
}

function minutes({ low, high }: { low: number; high: number }) {
  return { low: rounded(low), high: rounded(high) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
