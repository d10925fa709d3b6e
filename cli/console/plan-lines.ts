import type { ComparisonRow, PipelineView } from "../../fleet/view/index.ts";
import { wrap } from "../render/columns.ts";
import { comparisonTable } from "../render/comparison-table.ts";
import {
  limit,
  PLAN_WORDS,
  planAbsence,
  plannedFigure,
  plannedPlace,
  shortSiliconNote,
  siliconNote,
  soFar,
} from "../render/comparison-words.ts";
import { formatMs } from "../render/format.ts";
import { type Line, line, type Size, TALL, type Tone, wrapped } from "./lines.ts";

/** Plan and measurement of a pipeline: a table where there is room for it, else what matters most in a line or two. */
export function planLines(pipeline: PipelineView, { width, height }: Size): Line[] {
  const { comparison } = pipeline;
  if (!comparison) return [];
  const [head = "", ...rows] = comparisonTable(pipeline, width);
  const isTall = height >= TALL;
  const lines = isTall
    ? [
        line(head, "faint"),
        ...rows.map((text, at) => line(text, toneOf(comparison.rows[at]?.budgetVerdict))),
      ]
    : wrapped(facts(pipeline), width);
  const silicon = isTall ? siliconNote(pipeline) : shortSiliconNote(pipeline);
  const notes = [...planAbsence(pipeline), ...(silicon === null ? [] : [silicon])];
  return [
    ...lines,
    ...notes.flatMap((note) => wrap(note, width)).map((text) => line(text, "faint")),
  ];
}

function toneOf(verdict: ComparisonRow["budgetVerdict"] | undefined): Tone {
  return verdict === "missed" || verdict === "recovering" ? "warn" : "plain";
}

function facts(pipeline: PipelineView): string[] {
  const { plan, comparison } = pipeline;
  if (!comparison) return [];
  const row = (what: ComparisonRow["what"]) => comparison.rows.find((one) => one.what === what);
  const [fps, inference] = [row("fps"), row("inferenceMs")];
  const says = comparison.runsOn.planned ?? plan?.verdict === "refused";
  const limits = comparison.rows.filter(({ budgetVerdict }) => budgetVerdict !== null);
  return [
    ...(says ? [`plan ${plannedPlace(pipeline)}`] : []),
    ...(fps?.planned ? [`up to ${plannedFigure(fps)} fps`] : []),
    ...(inference?.planned
      ? [`inference ${plannedFigure(inference)} ms, ${measured(inference)}`]
      : []),
    ...limits.map(
      (one) =>
        `${one.what === "fps" ? "fps" : "p95"} ${limit(one)} ${one.budgetVerdict}${soFar(comparison)}`,
    ),
  ];
}

function measured({ measured: now, planVerdict }: ComparisonRow): string {
  const verdict = planVerdict === null ? "" : ` (${PLAN_WORDS[planVerdict]})`;
  return `now ${formatMs(now)}${verdict}`;
}

/** A figure of the last second, marked while the budget for it is missed. */
export function marked(
  text: string,
  { comparison }: PipelineView,
  what: ComparisonRow["what"],
): string {
  const row = comparison?.settled ? comparison.rows.find((one) => one.what === what) : undefined;
  return toneOf(row?.budgetVerdict) === "warn" ? `${text}!` : text;
}

/** Whether any of its limits is missed for long enough to say so. */
export function isOutOfBudget({ comparison }: PipelineView): boolean {
  if (!comparison?.settled) return false;
  return comparison.rows.some(({ budgetVerdict }) => toneOf(budgetVerdict) === "warn");
}
