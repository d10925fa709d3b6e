import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { type Plan, PlanCache, readModel } from "../../../fleet/plan/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { absentPlan, impossibleDemands, summarisePlan } from "./plan-summary.ts";

export interface PlanQuestion {
  /** Of the model's file. */
  digest: string;
  board: string;
  /** Undefined until the board has told. */
  jetpack: string | undefined;
  simulated: boolean | undefined;
}

export interface PipelinePlan {
  summary: PlanSummary;
  /** Demands that the board cannot meet; empty when it can, or when nobody knows. */
  impossible: string[];
}

/** Plans of pipelines by what Check knows of them: the same answer to the same question, and no network. */
export class PipelinePlanner {
  readonly #sources = new Map<string, string>();
  readonly #plans = new PlanCache();

  /** Model's check tells where a digest's file lies; it runs before that of any pipeline with the model. */
  noteSource(digest: string, path: string): void {
    this.#sources.set(digest, resolve(path));
  }

  plan(question: PlanQuestion): PipelinePlan {
    try {
      const plan = this.#plan(question);
      return {
        summary: summarisePlan(plan, notesOn(plan, question)),
        impossible: impossibleDemands(plan),
      };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // A plan is a service to the user: that there is none must not keep a pipeline from running.
      return { summary: absentPlan(`no plan: ${why}`), impossible: [] };
    }
  }

  #plan({ digest, board, jetpack }: PlanQuestion): Plan {
    const module = findModule(board);
    if (!module) throw new FleetError("BOARD_UNKNOWN", `the tables do not hold board ${board}`);
    const options = jetpack === undefined ? {} : { jetpack };
    return this.#plans.plan(digest, () => readModel(this.#bytes(digest)), module, options);
  }

  #bytes(digest: string): Buffer {
    const path = this.#sources.get(digest);
    if (path === undefined) {
      throw new FleetError("MODEL_INVALID", "the model's file was not checked in this run");
    }
    const bytes = readFileSync(path);
    if (sha256Digest(bytes) === digest) return bytes;
    throw new FleetError("MODEL_INVALID", `${path} changed while it was being deployed`);
  }
}

/** One for the process, as it is Model's check that knows what Pipeline's needs. */
export const pipelinePlanner = new PipelinePlanner();

function notesOn(plan: Plan, { jetpack, simulated }: PlanQuestion): string[] {
  const runsOn = simulated ? "this board is simulated and runs it" : "this version runs models";
  return [
    `an estimate for TensorRT on the real silicon, while ${runsOn} on the CPU`,
    ...(jetpack === undefined && plan.jetpack !== null
      ? [`JetPack is not known yet: ${plan.jetpack}, the newest for the board, is assumed`]
      : []),
  ];
}
