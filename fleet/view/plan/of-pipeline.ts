import type { BoardFacts, FormerDesired, ReportedPipeline } from "../../contract/index.ts";
import type { PipelineView } from "../view.ts";
import { compare } from "./comparison.ts";
import type { HeardSecond } from "./history.ts";

export interface PlanContext {
  desired: FormerDesired | null;
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
  const spec = desired?.pipelines.find((pipeline) => pipeline.name === name);
  const summary = desired?.plans?.[name];
  const budget = spec?.budget ?? null;
  if (!summary && !budget) return { plan: null, budget: null, comparison: null };
  const runs = reported?.model.digest ?? null;
  // A plan that does not name its model travels with the models that it was made for.
  const digests = new Map(desired?.models.map((model) => [model.name, model.digest]));
  const planned = summary?.modelDigest ?? digests.get(spec?.detect.model ?? "") ?? null;
  const ofRunningModel = runs === null || planned === null ? null : runs === planned;
  const plan = summary ? { ...summary, ofRunningModel } : null;
  const compared = { budget, seconds, runsOn: reported?.runsOn, board };
  const comparison = compare({ ...compared, plan: ofRunningModel === false ? null : plan });
  return { plan, budget, comparison };
}
