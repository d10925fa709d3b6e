import type { Layer, LayerKind, VersionRange } from "../layers/index.ts";

export type DlaPrecision = "fp16" | "int8";

export interface DlaContext {
  /** TensorRT as a comparable number, such as 802. */
  trt: number;
  precision: DlaPrecision;
  /** 1 on Xavier, 2 on Orin. */
  generation: 1 | 2;
}

/** One restriction of the DLA. A layer runs there when no rule of its kind objects. */
export interface DlaRule extends VersionRange {
  id: string;
  /** Kinds the rule looks at; absent means all. */
  kinds?: readonly LayerKind[];
  /** Says with numbers why the layer cannot run on DLA, or null. */
  objects: (layer: Layer, context: DlaContext) => string | null;
  /** What makes the layer fit without changing what the network computes; null when nothing known does. */
  remedy?: (layer: Layer, context: DlaContext) => string | null;
  source: RuleSource;
}

/** Where a rule is from. `silent` sources say nothing, and the rule is the safe reading. */
export const RULE_SOURCES = {
  header: "comments of NvInfer.h of that TensorRT release",
  guide: "TensorRT developer guide of the 8.4 era, chapter on DLA",
  faq: "NVIDIA/Deep-Learning-Accelerator-SW, FAQ and operator table",
  docs: "TensorRT documentation, DLA supported layers and restrictions (10.x)",
  logs: "public build logs of Xavier and Orin units",
  silent:
    "the release's documents are silent; treated as unsupported until canRunOnDLA says otherwise",
} as const;
export type RuleSource = keyof typeof RULE_SOURCES;

export function list(values: readonly number[]): string {
  return values.join("×");
}

export function outside(values: readonly number[], low: number, high: number): boolean {
  return values.some((value) => value < low || value > high);
}
