import { PlanSummary } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import type { Known } from "../resources/resource.ts";
import {
  isProperties,
  type Properties,
  reveal,
  UNKNOWN,
  type Value,
  valueAt,
} from "../rpc/values.ts";
import { type PlanQuestion, pipelinePlanner } from "./pipeline-planner.ts";

/** No change of what runs: a new estimate, and what only the plan is made from. */
export function concernsPlanOnly(path: string): boolean {
  return ["device.jetpack", "device.simulated"].includes(path) || /^plan(\.|$)/.test(path);
}

/** Adds the plan to the inputs, as a preview shows nothing else, and tells what demands cannot be met. */
export function addPlan(inputs: Properties): CheckFailure[] {
  const question = planQuestion(inputs);
  if (!question) {
    inputs["plan"] = UNKNOWN;
    return [];
  }
  const { summary, impossible } = pipelinePlanner.plan(question);
  inputs["plan"] = summary as Properties;
  return impossible.map((reason) => ({ property: "detect.model", reason }));
}

/** What to ask the planner; null while the board or the model is not known. */
function planQuestion(inputs: Properties): PlanQuestion | null {
  const at = (...path: string[]) => reveal(valueAt(inputs, path) ?? null);
  const digest = at("detect", "model", "digest");
  const board = at("device", "board");
  const jetpack = at("device", "jetpack");
  const simulated = at("device", "simulated");
  if (typeof digest !== "string" || typeof board !== "string") return null;
  return {
    digest,
    board,
    jetpack: typeof jetpack === "string" ? jetpack : undefined,
    simulated: typeof simulated === "boolean" ? simulated : undefined,
  };
}

/** The plan of checked inputs, or that of the state where there is none now and it still holds. */
export function planOf(inputs: Properties, known?: Known): Properties {
  const plan = inputs["plan"];
  const before = known?.state["plan"];
  const absent = !isProperties(plan) || plan["verdict"] === "absent";
  const holds = known && isProperties(before) && sameQuestion(known.inputs, inputs);
  return absent && holds ? { plan: before } : plan === undefined ? {} : { plan };
}

function sameQuestion(olds: Properties, news: Properties): boolean {
  const [a, b] = [planQuestion(olds), planQuestion(news)];
  if (a === null || b === null) return false;
  return a.digest === b.digest && a.board === b.board && a.jetpack === b.jetpack;
}

export function logPlan(plan: Value | undefined, log: (message: string) => void): void {
  const parsed = PlanSummary.safeParse(reveal(plan ?? null));
  if (parsed.success && parsed.data.verdict !== "absent") log(`plan: ${parsed.data.summary}`);
}
