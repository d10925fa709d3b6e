import {
  allowedText,
  type Diagnostic,
  demandOf,
  lookedAtFps,
  range,
} from "../../../fleet/plan/index.ts";
import type { CheckFailure } from "../check.ts";
import type { KeptPlan } from "./kept-plans.ts";
import type { PlanQuestion } from "./plan-question.ts";

interface Demand {
  /** Property that asks for it. */
  property: (question: PlanQuestion) => string;
  /** What to change where the planner names nothing. */
  remedy: string;
}

const RATE: Demand = {
  property: ({ minFps }) => (minFps === undefined ? "sources" : "budget.minFps"),
  remedy: "a lower frame rate, a longer interval of detection, or a smaller model or input",
};

const DEMANDS: Readonly<Record<string, Demand>> = {
  "gpu.int8": { property: () => "detect.precision", remedy: "fp16 or auto" },
  "gpu.int8-graph": { property: () => "detect.precision", remedy: "fp16 or auto" },
  "gpu.fp32-product": { property: () => "detect.precision", remedy: "fp16 or auto" },
  "accelerator.unavailable": { property: () => "detect.accelerator", remedy: "gpu or auto" },
  "demand.throughput": RATE,
  "demand.gpu": RATE,
  "demand.dla": RATE,
  "demand.latency": {
    property: () => "budget.latencyP95Ms",
    remedy: "more milliseconds, or a smaller model or input",
  },
  "demand.decoder": {
    property: () => "sources",
    remedy: "fewer or smaller streams, or a lower frame rate",
  },
  "demand.memory": { property: () => "detect.model", remedy: "a smaller model or input" },
};

/** What a rule of the planner answers; null when it is not about a demand of the pipeline but about the model. */
function demandBehind(rule: string): Demand | null {
  const other = { property: () => "detect.model", remedy: "another model or device" };
  return DEMANDS[rule] ?? (/^(demand|gpu|accelerator)\./.test(rule) ? other : null);
}

/**
 * Demands that the board cannot meet, with the nearest that it can, at the property that asks. What TensorRT cannot
 * build is none: this version runs models on the CPU.
 */
export function demandFailures(plan: KeptPlan, question: PlanQuestion): CheckFailure[] {
  return plan.diagnostics.flatMap((diagnostic) => {
    const demand = demandBehind(diagnostic.rule);
    if (!demand || diagnostic.severity !== "error") return [];
    return [
      {
        property: demand.property(question),
        code: "DEMAND_IMPOSSIBLE" as const,
        reason: `${diagnostic.message} (${circumstances(plan, question)})`,
        hint: sentence(diagnostic.remedy ?? demand.remedy),
      },
    ];
  });
}

function circumstances(plan: KeptPlan, { module, powerMode, jetpack }: PlanQuestion): string {
  const assumed = (told: string | undefined) => (told === undefined ? ", as assumed" : "");
  const software = plan.jetpack === null ? "" : ` and JetPack ${plan.jetpack}${assumed(jetpack)}`;
  const silicon = module === undefined ? "the silicon of its board, as assumed," : "the silicon";
  return `an estimate for ${silicon} in power mode ${plan.powerMode}${assumed(powerMode)}${software}`;
}

function sentence(remedy: string): string {
  return `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`;
}

/** What a reader must know before relying on the plan: demands met only within its doubt, and what was left out. */
export function warningsOf(plan: KeptPlan, question: PlanQuestion): string[] {
  const unbuildable = plan.diagnostics.filter(
    ({ severity, rule }) => severity === "error" && demandBehind(rule) === null,
  );
  if (unbuildable.length > 0) return unbuildable.map(refusalText);
  const asked = lookedAtFps(question) > 0 || question.latencyMs !== undefined;
  const told = plan.diagnostics
    .filter(({ severity }) => severity === "warning")
    // Nobody who asks for nothing needs to know what could not be counted.
    .filter(({ rule }) => rule !== "beside.unknown" || asked);
  return [
    ...told.map(warningText),
    ...doubts(plan, question),
    ...uncounted(question, asked),
    ...faults(question),
  ];
}

/** What runs beside and whose time was not reckoned: then nobody can say that a demand is met. */
function uncounted({ secondary = [] }: PlanQuestion, asked: boolean): string[] {
  if (!asked || secondary.length === 0) return [];
  const which = secondary.map(({ name }) => name).join(", ");
  return [
    `whether what is asked for is met is not known: secondary models (${which}) share the silicon, ` +
      "and how many objects they will look at nobody can say",
  ];
}

function faults({ libraryFaults }: PlanQuestion): string[] {
  return libraryFaults.map((fault) => `the plan takes TensorRT as JetPack has it, but ${fault}`);
}

function refusalText({ message, remedy }: Diagnostic): string {
  const help = remedy === null ? "" : ` (${remedy})`;
  return (
    `TensorRT could not build this model: ${message}${help}; this version runs models through ` +
    "ONNX Runtime on the CPU, so it is deployed all the same"
  );
}

function warningText({ message, remedy }: Diagnostic): string {
  // The planner speaks of an option of its command.
  const help = remedy?.includes("--shape") ? "export the model with fixed dimensions" : remedy;
  return help === null ? message : `${message}; what helps: ${help}`;
}

/** Demands that the estimate meets as expected, but not at the bad end of its interval; worse is told by the planner. */
function doubts({ chosen, model }: KeptPlan, question: PlanQuestion): string[] {
  const demand = demandOf({ ...question, batch: model.batch });
  const { fps, latencyMs: takes } = chosen ?? {};
  const allowed = demand.latencyMs ?? Infinity;
  return [
    ...(fps && fps.low < demand.fps && demand.fps <= fps.expected
      ? [
          `${demand.fps} fps are asked for and ${range(fps)} estimated: expected to be met, not surely`,
        ]
      : []),
    ...(takes && takes.expected <= allowed && allowed < takes.high
      ? [
          `${allowedText(demand)} are allowed and ${range(takes)} estimated: expected to be met, not surely`,
        ]
      : []),
  ];
}
