import { furtherModelMib, type NamedUsage } from "../../../fleet/plan/index.ts";
import type { KeptPlan } from "./kept-plans.ts";
import type { PlanQuestion } from "./plan-question.ts";

/**
 * What secondary models take of a device's memory, as neighbours of the pipeline's own model. Of its time nothing can be
 * reckoned: a run follows on each new object and, with `refreshMs`, on each that is still there, and how many objects there
 * will be stands nowhere. Their queue bounds how many wait, not how many come.
 *
 * `planned`: the plan of a question, null where there is none. Models that have none are left out.
 */
export function secondaryLoads(
  { secondary = [], ...question }: PlanQuestion,
  planned: (question: PlanQuestion) => KeptPlan | null,
): NamedUsage[] {
  return secondary.flatMap(({ name, digest }) => {
    const plan = digest === undefined ? null : planned(undemanding(question, digest));
    const memoryMib = plan && furtherModelMib(plan);
    const idle = { decoderMpixPerSecond: 0, gpuBusy: 0, dla0Busy: 0, dla1Busy: 0 };
    return memoryMib === null ? [] : [{ name: loadName(name), ...idle, memoryMib }];
  });
}

/** Whether a plan was made beside what a secondary model takes of the memory. */
export function isMemoryCounted({ admissions }: KeptPlan, name: string): boolean {
  return admissions.some(
    ({ resource, beside }) =>
      resource === "memory" && beside.some((one) => one.name === loadName(name)),
  );
}

/** No pipeline has a name with a space in it. */
function loadName(name: string): string {
  return `secondary ${name}`;
}

/** It runs where "auto" puts it, and nothing is asked of it. */
function undemanding(question: Omit<PlanQuestion, "secondary">, digest: string): PlanQuestion {
  const { board, module, jetpack, powerMode, libraryFaults } = question;
  const open = { accelerator: undefined, precision: undefined };
  const nothing = { minFps: undefined, latencyMs: undefined, streams: [] };
  return { ...{ digest, board, module, jetpack, powerMode, libraryFaults }, ...open, ...nothing };
}
