import type { Comparison, ComparisonRow, PipelineView } from "../../fleet/view/index.ts";
import { formatBytes } from "./format.ts";

export type Planned = Pick<PipelineView, "plan" | "comparison">;

export const FIGURE_WORDS: Record<ComparisonRow["what"], string> = {
  fps: "fps",
  inferenceMs: "inference",
  latencyP50Ms: "latency p50",
  latencyP95Ms: "latency p95",
  memoryBytes: "memory of the engine",
};

export const PLAN_WORDS = {
  inside: "as planned",
  faster: "faster than planned",
  slower: "slower than planned",
} as const;

/** Where the plan would run the model; a word where it has no such place. */
export function plannedPlace({ plan, comparison }: Planned): string {
  const place = comparison?.runsOn.planned;
  if (place) return placeOf(place);
  if (!plan) return "-";
  if (plan.ofRunningModel === false) return "other model";
  return plan.verdict === "runs" ? "-" : plan.verdict;
}

export function plannedFigure(row: ComparisonRow | undefined): string {
  if (!row?.planned) return "-";
  const { low, mid, high } = row.planned;
  const format = row.what === "memoryBytes" ? formatBytes : formatPlain;
  return low === null || high === null ? `~ ${format(mid)}` : `${format(low)}–${format(high)}`;
}

/** An estimate's digits: as many as it was kept with. */
function formatPlain(value: number): string {
  return String(value);
}

export function withUnit({ what }: ComparisonRow, text: string): string {
  return text === "-" || !what.endsWith("Ms") ? text : `${text} ms`;
}

/** "≥ 15" or "≤ 150 ms"; empty where there is no budget. */
export function limit(row: ComparisonRow): string {
  if (row.budget === null) return "";
  return withUnit(row, `${row.what === "fps" ? "≥" : "≤"} ${row.budget}`);
}

/** " over 3 s" while figures are heard for less time than a verdict takes; the first figures are of one second. */
export function soFar({ settled, overMs }: Comparison): string {
  return settled || overMs === null ? "" : ` over ${Math.max(1, Math.round(overMs / 1000))} s`;
}

/** Why there is no figure of a plan; nothing when there are some. */
export function planAbsence({ plan }: Planned): string[] {
  if (!plan) return ["no plan was kept with this deployment"];
  if (plan.ofRunningModel === false) {
    return ["the plan is of another model than the one that runs, so its figures are left out"];
  }
  return plan.verdict === "runs" ? [] : [plan.summary];
}

/** On which silicon each was; null when it is the same, or there is nothing to tell apart. */
export function siliconNote({ comparison }: Planned): string | null {
  const place = measuredOn(comparison);
  if (place === null) return null;
  if (comparison?.silicon === "planned") return `${place}: not compared`;
  const isMeasured = comparison?.overMs !== null;
  const meaning = isMeasured ? ": differences between the two are no fault" : "";
  return `planned for TensorRT on the board's silicon; ${place}${meaning}`;
}

/** The same for where there is room for one line of 80 columns. */
export function shortSiliconNote({ comparison }: Planned): string | null {
  const place = measuredOn(comparison);
  if (place === null || comparison?.silicon === "planned") return place;
  return `planned for the board's silicon; ${place}`;
}

function measuredOn(comparison: Comparison | null): string | null {
  if (!comparison?.runsOn.planned) return null;
  if (comparison.overMs === null) return "nothing is measured now";
  switch (comparison.silicon) {
    case "planned":
      return comparison.alike ? null : difference(comparison);
    case "simulation":
      return "measured on the CPU of this simulation";
    case "cpu":
      return "measured on the board's CPU";
    case "unknown":
      return "measured on an unknown board";
  }
}

function difference({ runsOn, powerMode }: Comparison): string {
  const planned = `${placeOf(runsOn.planned)} in power mode ${powerMode.planned ?? "unknown"}`;
  const measured = `${placeOf(runsOn.measured)} in ${powerMode.measured ?? "unknown"}`;
  return `planned for ${planned}, measured on ${measured}`;
}

function placeOf(
  place: { accelerator: string; precision?: string | null | undefined } | null,
): string {
  return place ? [place.accelerator, place.precision].filter(Boolean).join(" ") : "unknown";
}
