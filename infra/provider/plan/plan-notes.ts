import type { KeptPlan } from "./kept-plans.ts";
import type { PlanQuestion } from "./plan-question.ts";

/** What the reader of a plan should know of the question: what it is not, and what was assumed. */
export function notesOn(plan: KeptPlan, question: PlanQuestion, simulated: boolean): string[] {
  const runsOn = simulated ? "this board is simulated and runs it" : "this version runs models";
  return [
    `an estimate for TensorRT on the real silicon, while ${runsOn} on the CPU`,
    ...jetpackNote(plan, question),
    ...powerModeNote(plan, question),
  ];
}

function jetpackNote(plan: KeptPlan, { jetpack }: PlanQuestion): string[] {
  if (jetpack !== undefined || plan.jetpack === null) return [];
  return [`JetPack is not known yet: ${plan.jetpack}, the newest for the board, is assumed`];
}

function powerModeNote(plan: KeptPlan, { powerMode }: PlanQuestion): string[] {
  if (powerMode === plan.powerMode) return [];
  const why =
    powerMode === undefined
      ? "the power mode is not known yet"
      : `the tables do not hold power mode ${powerMode} of the board`;
  return [`${why}: ${plan.powerMode}, the fastest, is assumed`];
}
