import type { BoardFacts, ReportedPipeline } from "../../contract/index.ts";
import type { ShownDesired } from "../../deploy/index.ts";
import type { PipelineView } from "../view.ts";
import { compare } from "./comparison.ts";
import type { HeardSecond } from "./history.ts";

export interface PlanContext {
  desired: ShownDesired | null;
  board: BoardFacts | null;
  /** Of the pipeline, while its figures are fresh. */
  seconds: readonly HeardSecond[];
}

/** What the desired document keeps of a pipeline's plan and budget, and how they compare with what is measured. */
export function planOf(
  name: string,
  reported: Pick<ReportedPipeline, "model" | "runsOn"> | null,
  { desired, board, seconds }: PlanContext,
): Pick<PipelineView, "plan" | "budget" | "comparison"> {
  const asked = desired?.pipelines.find(({ spec }) => spec.name === name);
  const summary = desired?.plans[name];
  const budget = asked?.spec.budget ?? null;
  if (!summary && !budget) return { plan: null, budget: null, comparison: null };
  const runs = reported?.model.digest ?? null;
  // A plan that does not name its model travels with the model that it was made for.
  const planned = summary?.modelDigest ?? asked?.model?.digest ?? null;
  const ofRunningModel = runs === null || planned === null ? null : runs === planned;
  const plan = summary ? { ...summary, ofRunningModel } : null;
  const compared = { budget, seconds, runsOn: reported?.runsOn, board };
  const comparison = compare({ ...compared, plan: ofRunningModel === false ? null : plan });
  return { plan, budget, comparison };
}
