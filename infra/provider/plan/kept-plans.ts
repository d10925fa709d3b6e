import type { z } from "zod";
import { Plan } from "../../../fleet/plan/index.ts";
import { cacheFolder, KeptAnswers } from "../kept-answers.ts";
import { plannerFingerprint } from "./planner-fingerprint.ts";

/** A plan as the provider needs it: the single layers are many, and nobody reads them here. */
export const KeptPlan = Plan.omit({ layers: true });
export type KeptPlan = z.infer<typeof KeptPlan>;

/** Plans on disk, of a few kilobytes each: a new process needs longest for its first plan. */
export class KeptPlans extends KeptAnswers<KeptPlan> {
  constructor(folder = () => cacheFolder("plans"), fingerprint = plannerFingerprint) {
    // A graph with so many reasons would take longer to read than to plan.
    super({ schema: KeptPlan, folder, fingerprint, capacity: 500, maxBytes: 2 ** 20 });
  }
}
