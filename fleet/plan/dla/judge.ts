import { holdsFor, type Layer } from "../layers/index.ts";
import { COMMON_RULES, POINT_RULES } from "./point-rules.ts";
import type { DlaContext, DlaRule, RuleSource } from "./rule.ts";
import { WINDOW_RULES } from "./window-rules.ts";

export const DLA_RULES: readonly DlaRule[] = [...COMMON_RULES, ...WINDOW_RULES, ...POINT_RULES];

/** Why a layer cannot run on DLA. */
export interface Objection {
  rule: string;
  message: string;
  remedy: string | null;
  source: RuleSource;
}

/** The first objection of the rules of a TensorRT version to a layer, or null when it can run on DLA. */
export function judge(layer: Layer, context: DlaContext): Objection | null {
  for (const rule of DLA_RULES) {
    if (!holdsFor(rule, context.trt)) continue;
    if (rule.kinds && !rule.kinds.includes(layer.kind)) continue;
    const message = rule.objects(layer, context);
    if (message === null) continue;
    return {
      rule: rule.id,
      message,
      remedy: rule.remedy?.(layer, context) ?? null,
      source: rule.source,
    };
  }
  return null;
}
