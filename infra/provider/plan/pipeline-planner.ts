import { findModule, type Module } from "../../../fleet/boards/catalog/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import {
  type NamedUsage,
  type OnnxModel,
  PlanCache,
  type PlanOptions,
} from "../../../fleet/plan/index.ts";
import { requireUnderstood } from "../../../fleet/plan/onnx/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { demandFailures, warningsOf } from "./demand-failures.ts";
import { DeviceLoads } from "./device-loads.ts";
import { type KeptPlan, KeptPlans } from "./kept-plans.ts";
import { notesOn } from "./plan-notes.ts";
import type { PlanQuestion } from "./plan-question.ts";
import { absentPlan, summarisePlan } from "./plan-summary.ts";
import { secondaryLoads } from "./secondary-loads.ts";

/** Who asks. Names are undefined until they are known; then nothing beside can be counted. */
export interface Asker {
  urn: string;
  device: string | undefined;
  pipeline: string | undefined;
  simulated: boolean;
}

export interface PipelinePlan {
  summary: PlanSummary;
  /** Demands that the board cannot meet; empty when it can, or when nobody knows. */
  failures: CheckFailure[];
}

/** Plans of pipelines by what Check knows of them: no network, and the same answer to the same question. */
export class PipelinePlanner {
  /** As many as the program declares models; without their weights they are small. */
  readonly #models = new Map<string, OnnxModel>();
  readonly #plans = new PlanCache();
  readonly #loads = new DeviceLoads();
  readonly #kept: KeptPlans;

  constructor(kept = new KeptPlans()) {
    this.#kept = kept;
  }

  /** Model's check tells what is in a file; it runs before that of any pipeline with the model. */
  noteModel(digest: string, model: OnnxModel): void {
    this.#models.set(digest, model);
  }

  plan(question: PlanQuestion, asker: Asker): PipelinePlan {
    this.#loads.forget(asker.urn);
    try {
      const module = moduleOf(question);
      const others = asker.device === undefined ? [] : this.#loads.beside(asker.urn, asker.device);
      const own = secondaryLoads(question, (asked) => this.#planned(asked, module, []));
      const beside = [...others, ...own];
      const plan = this.#plan(question, module, beside);
      const failures = demandFailures(plan, question);
      if (failures.length === 0) this.#admit(plan, own, asker);
      return {
        summary: summarisePlan(plan, question, {
          notes: notesOn(plan, question, module, asker.simulated),
          warnings: warningsOf(plan, question),
        }),
        failures: failures.map((failure) => this.#helped(failure, question, module, beside)),
      };
    } catch (error) {
      // A plan is a service to the user: that there is none must not keep a pipeline from running.
      return { summary: absentPlan(error, question), failures: [] };
    }
  }

  #plan(question: PlanQuestion, module: Module, beside: readonly NamedUsage[]): KeptPlan {
    const { digest } = question;
    const options = optionsOf(question, module, beside);
    const asked = { digest, board: module.id, options };
    const kept = this.#kept.read(asked);
    if (kept) return kept;
    const plan = this.#plans.plan(digest, () => this.#model(digest), module, options);
    this.#kept.write(asked, plan);
    return plan;
  }

  #model(digest: string): OnnxModel {
    const model = this.#models.get(digest);
    if (model === undefined) {
      throw new FleetError("MODEL_INVALID", "the model's file was not checked in this run");
    }
    requireUnderstood(model);
    return model;
  }

  #admit({ usage }: KeptPlan, own: readonly NamedUsage[], asker: Asker): void {
    const { urn, device, pipeline } = asker;
    if (device === undefined || pipeline === undefined) return;
    const memoryMib =
      usage.memoryMib && own.reduce((sum, one) => sum + (one.memoryMib ?? 0), usage.memoryMib);
    this.#loads.note(urn, { device, name: pipeline, ...usage, memoryMib });
  }

  /** Names the fastest power mode where the demand is within its estimate. */
  #helped(
    failure: CheckFailure,
    question: PlanQuestion,
    module: Module,
    beside: readonly NamedUsage[],
  ): CheckFailure {
    if (question.powerMode === undefined) return failure;
    const fastest = { ...question, powerMode: undefined };
    const plan = this.#planned(fastest, module, beside);
    if (plan === null || plan.powerMode === question.powerMode) return failure;
    const still = demandFailures(plan, fastest).some(
      ({ property }) => property === failure.property,
    );
    if (still) return failure;
    const hint = `${failure.hint ?? ""} In power mode ${plan.powerMode} it is within the estimate.`;
    return { ...failure, hint: hint.trim() };
  }

  /** Null where there is no plan: a hint that cannot be given must not hide what it is about. */
  #planned(question: PlanQuestion, module: Module, beside: readonly NamedUsage[]): KeptPlan | null {
    try {
      return this.#plan(question, module, beside);
    } catch {
      return null;
    }
  }
}

/** One for the process, as it is Model's check that knows what Pipeline's needs. */
export const pipelinePlanner = new PipelinePlanner();

/** Where the module is not certain, or not in the tables, the one that the board is named after. */
function moduleOf({ board, module: told = board }: PlanQuestion): Module {
  const module = findModule(told) ?? findModule(board);
  if (module) return module;
  throw new FleetError("BOARD_UNKNOWN", `the tables do not hold board ${board}`);
}

function optionsOf(
  question: PlanQuestion,
  module: Module,
  beside: readonly NamedUsage[],
): PlanOptions {
  const { jetpack, powerMode, accelerator, precision, streams } = question;
  const { minFps, interval, parts, latencyMs } = question;
  const listed = module.powerModes.modes.some(({ name }) => name === powerMode);
  return {
    ...(jetpack !== undefined && { jetpack }),
    // A mode of the unit's own nvpmodel.conf is planned as the fastest; the notes say so.
    ...(powerMode !== undefined && listed && { powerMode }),
    ...(accelerator !== undefined && { accelerator }),
    ...(precision !== undefined && { precision }),
    ...(minFps !== undefined && { minFps }),
    ...(interval !== undefined && { interval }),
    ...(parts !== undefined && { parts }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(streams.length > 0 && { streams }),
    ...(beside.length > 0 && { beside }),
  };
}
