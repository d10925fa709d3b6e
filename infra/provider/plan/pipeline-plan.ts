import { canonicalJson } from "../../../fleet/release/index.ts";
import { PlanSummary } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import type { Known } from "../resources/resource.ts";
import type { Severity } from "../rpc/engine-log.ts";
import { isProperties, type Properties, reveal, UNKNOWN, type Value } from "../rpc/values.ts";
import { pipelinePlanner } from "./pipeline-planner.ts";
import { knownAt, planQuestion, textOf } from "./plan-question.ts";

/** No change of what runs: a new estimate, and what only plans and checks are made from. */
export function concernsPlanOnly(path: string): boolean {
  return /^(plan|device\.(module|jetpack|libraryFaults|powerMode|machine|simulated|labels|onUnreachable))([.[]|$)/.test(
    path,
  );
}

/** Adds the plan to the inputs, as a preview shows nothing else, and tells what demands cannot be met. */
export function addPlan(urn: string, inputs: Properties): CheckFailure[] {
  const question = planQuestion(inputs);
  if (!question) {
    inputs["plan"] = UNKNOWN;
    return [];
  }
  const asker = {
    urn,
    device: textOf(knownAt(inputs, ["device", "name"])),
    pipeline: textOf(knownAt(inputs, ["name"])),
    simulated: knownAt(inputs, ["device", "simulated"]) === true,
  };
  const { summary, failures } = pipelinePlanner.plan(question, asker);
  inputs["plan"] = summary as unknown as Properties;
  return failures;
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
  return a !== null && b !== null && canonicalJson(a) === canonicalJson(b);
}

/** The summary as it travels to the device, where status and console find it; undefined when there is none. */
export function summaryIn({ plan }: Properties): PlanSummary | undefined {
  return PlanSummary.safeParse(reveal(plan ?? null)).data;
}

type Log = (message: string, severity?: Severity) => void;

export function logPlan(plan: Value | undefined, log: Log): void {
  const summary = summaryIn({ plan: plan ?? null });
  if (summary && summary.verdict !== "absent") log(`plan: ${summary.summary}`);
  logWarnings(summary, log);
}

export function logWarnings(summary: PlanSummary | undefined, log: Log): void {
  for (const warning of summary?.warnings ?? []) log(`plan: ${warning}`, "warning");
}
