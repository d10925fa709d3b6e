import {
  type BoardFacts,
  type LayersBesidePlan,
  type PipelineStats,
  PLAN_DIFFERS,
  type PlanDiffersData,
  type ReportedPipeline,
} from "../../fleet/contract/index.ts";
import type { PlanSummary } from "../../fleet/spec/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { LayerPlan } from "../supervise/ipc/build.ts";
import {
  layerPlanOf,
  ofBuild,
  ofLayers,
  ofWork,
  type PlanDifference,
  placeOfForm,
} from "./plan-differences.ts";
import type { EngineForm } from "./recipes.ts";

/** The middle of so many seconds is what a pipeline does. */
const SECONDS = 10;

export interface PlanWatchOptions {
  /** Of the document in force, by pipeline. */
  plans: () => Readonly<Record<string, PlanSummary>>;
  board: Pick<BoardFacts, "simulated" | "powerMode">;
  onEvent: (event: NewEvent) => void;
}

/**
 * Holds what is built and what runs against the plan that came with the deployment. Each disagreement is an event, once
 * for a pipeline with a model (`jetfleet events --kind plan-differs --json` collects those of a fleet). Devices act on
 * no plan.
 */
export class PlanWatch {
  readonly #options: PlanWatchOptions;
  readonly #told = new Set<string>();
  readonly #seconds = new Map<string, { model: string; inferenceMs: number[] }>();

  constructor(options: PlanWatchOptions) {
    this.#options = options;
  }

  engineBuilt(model: string, form: string, seconds: number): void {
    for (const [pipeline, plan] of Object.entries(this.#options.plans())) {
      if (plan.modelDigest !== model) continue;
      this.#tell(pipeline, model, plan, ofBuild(plan, form, seconds, this.#options.board));
    }
  }

  /** What an engine of a model is held against, layer by layer; null: nothing was planned of such a one. */
  planOf(model: string, form: EngineForm): LayerPlan | null {
    const plans = Object.values(this.#options.plans());
    const plan = plans.find(({ modelDigest, module }) => modelDigest === model && module);
    return plan ? layerPlanOf(plan, form, this.#options.board) : null;
  }

  /** What a layer does follows from its model, so that each pipeline with it is told. */
  layersBuilt(model: string, form: EngineForm, layers: LayersBesidePlan): void {
    for (const [pipeline, plan] of Object.entries(this.#options.plans())) {
      if (plan.modelDigest !== model) continue;
      this.#tell(pipeline, model, { ...plan, ...placeOfForm(form) }, ofLayers(layers, form));
    }
  }

  /** A second of a pipeline that has frames. */
  second(
    stats: PipelineStats,
    { model, runsOn }: Pick<ReportedPipeline, "model" | "runsOn">,
  ): void {
    const plan = this.#options.plans()[stats.name];
    const inferenceMs = stats.stages.find(({ name }) => name === "detect")?.workMs?.p50;
    if (plan?.modelDigest !== model.digest || inferenceMs === undefined) return;
    const before = this.#seconds.get(stats.name);
    const seconds = before?.model === model.digest ? before.inferenceMs : [];
    seconds.push(inferenceMs);
    if (seconds.length > SECONDS) seconds.shift();
    this.#seconds.set(stats.name, { model: model.digest, inferenceMs: seconds });
    if (seconds.length < SECONDS) return;
    const middle = [...seconds].sort((a, b) => a - b)[SECONDS / 2] ?? null;
    this.#tell(stats.name, model.digest, plan, ofWork(plan, runsOn, middle, this.#options.board));
  }

  #tell(pipeline: string, model: string, plan: PlanSummary, found: PlanDifference[]): void {
    for (const { what, planned, measured, layers } of found) {
      const once = `${pipeline} ${model} ${what}`;
      if (this.#told.has(once)) continue;
      this.#told.add(once);
      const { module, jetpack, powerMode, accelerator, precision } = plan;
      const silicon = { module, jetpack, powerMode, accelerator, precision };
      const data: PlanDiffersData = { what, planned, measured, model, ...silicon };
      this.#options.onEvent({
        kind: PLAN_DIFFERS,
        pipeline,
        message: `Planned ${what} of ${pipeline}: ${planned}; measured: ${measured}`,
        data: { ...data, ...(layers && { layers }) },
      });
    }
  }
}
