import { jetpackRelease, type Module } from "../../../fleet/boards/catalog/index.ts";
import { needsSocSpecificPackages } from "../../../fleet/boards/index.ts";
import type { KeptPlan } from "./kept-plans.ts";
import type { PlanQuestion } from "./plan-question.ts";
import { isMemoryCounted } from "./secondary-loads.ts";

/** What the reader of a plan should know of the question: what it is not, and what was assumed. */
export function notesOn(
  plan: KeptPlan,
  question: PlanQuestion,
  module: Module,
  simulated: boolean,
): string[] {
  const runsOn = simulated ? "this board is simulated and runs it" : "this version runs models";
  return [
    `an estimate for TensorRT on the real silicon, while ${runsOn} on the CPU`,
    ...moduleNote(module, question),
    ...jetpackNote(plan, question),
    ...powerModeNote(plan, question),
    ...buildNote(plan),
    ...secondaryNotes(plan, question),
  ];
}

function secondaryNotes(plan: KeptPlan, { secondary = [] }: PlanQuestion): string[] {
  const [counted, others] = [true, false].map((wanted) =>
    secondary.map(({ name }) => name).filter((name) => isMemoryCounted(plan, name) === wanted),
  );
  return [
    ...(counted?.length
      ? [`of secondary models (${counted.join(", ")}) the memory is counted, and no time`]
      : []),
    ...(others?.length
      ? [`secondary models (${others.join(", ")}) are not counted, neither time nor memory`]
      : []),
  ];
}

function moduleNote({ id, title }: Module, { module }: PlanQuestion): string[] {
  if (module === id) return [];
  const why =
    module === undefined ? "the module is not known" : `the tables do not hold module ${module}`;
  return [`${why}: ${title} is assumed`];
}

/** The package of TensorRT does not tell which of two builds it is. */
function buildNote({ jetpack, chosen }: KeptPlan): string[] {
  const release = jetpack === null ? null : jetpackRelease(jetpack);
  if (release === null || !needsSocSpecificPackages(release) || !chosen?.dlaLayers) return [];
  return [
    `JetPack ${jetpack} has two builds of TensorRT ${release.tensorrt} under one name and version, ` +
      "and the DLA needs that for Xavier",
  ];
}

function jetpackNote(plan: KeptPlan, { jetpack }: PlanQuestion): string[] {
  if (jetpack !== undefined || plan.jetpack === null) return [];
  return [`JetPack is not known yet: ${plan.jetpack}, the newest for the board, is assumed`];
}

function powerModeNote(plan: KeptPlan, { powerMode }: PlanQuestion): string[] {
  if (powerMode === plan.powerMode) return [];
  const why =
    powerMode === undefined
      ? "the power mode is not known yet"
      : `the tables do not hold power mode ${powerMode} of the board`;
  return [`${why}: ${plan.powerMode}, the fastest, is assumed`];
}
