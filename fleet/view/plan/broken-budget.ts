import type { PipelineView } from "../view.ts";
import type { Comparison, ComparisonRow } from "./comparison.ts";

/** Which of its limits a pipeline broke for ten seconds, in words; null when none, or too little was heard. */
export function brokenBudget({ comparison }: Pick<PipelineView, "comparison">): string | null {
  if (!comparison?.settled) return null;
  const broken = comparison.rows.flatMap(brokenLimit);
  return broken.length === 0 ? null : `${broken.join("; ")}${where(comparison)}`;
}

/** A limit is missed in what was heard so far, which is too little to count. */
export function looksBroken({ comparison }: Pick<PipelineView, "comparison">): boolean {
  if (!comparison || comparison.settled) return false;
  return comparison.rows.some(({ budgetVerdict }) => budgetVerdict === "missed");
}

function brokenLimit({ what, measured, budget, budgetVerdict }: ComparisonRow): string[] {
  if (measured === null || budget === null) return [];
  const figure = what === "fps" ? `${measured.toFixed(1)} fps` : `p95 ${measured.toFixed(0)} ms`;
  const limit = what === "fps" ? `at least ${budget} fps` : `at most ${budget} ms`;
  if (budgetVerdict === "missed") return [`${figure} over 10 s, the budget is ${limit}`];
  if (budgetVerdict === "recovering")
    return [`${figure} again, after the budget of ${limit} was missed`];
  return [];
}

/** A simulated board's budget is kept or broken by another machine. */
function where({ silicon }: Comparison): string {
  return silicon === "simulation" ? " (measured on the CPU of this simulation)" : "";
}
