import { findModule, type Module } from "../../../fleet/boards/catalog/index.ts";
import { type OnnxModel, Plan, type PlanOptions, planFor } from "../../../fleet/plan/index.ts";

export function moduleNamed(id: string): Module {
  const board = findModule(id);
  if (!board) throw new Error(`no board ${id}`);
  return board;
}

/** A plan that follows its own schema. */
export function plan(model: OnnxModel, id: string, options: PlanOptions = {}): Plan {
  return Plan.parse(planFor(model, moduleNamed(id), options));
}
