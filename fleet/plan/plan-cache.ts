import type { Module } from "../boards/catalog/index.ts";
import type { OnnxModel } from "./onnx/index.ts";
import { type PlanOptions, planFor } from "./plan-for.ts";
import type { Plan } from "./plan-schema.ts";

const CAPACITY = 256;

/** Plans by the model's digest and the question, so that a preview of a known model costs nothing. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>();

  /** The plan of a model; `model` is only called when the answer is not known yet. */
  plan(digest: string, model: () => OnnxModel, module: Module, options: PlanOptions = {}): Plan {
    const key = JSON.stringify([digest, module.id, options]);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = planFor(model(), module, { ...options, digest });
    const [oldest] = this.#plans.keys();
    if (this.#plans.size >= CAPACITY && oldest !== undefined) this.#plans.delete(oldest);
    this.#plans.set(key, plan);
    return plan;
  }
}
