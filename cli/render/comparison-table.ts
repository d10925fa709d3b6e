import type { Comparison, ComparisonRow } from "../../fleet/view/index.ts";
import {
  FIGURE_WORDS,
  limit,
  PLAN_WORDS,
  type Planned,
  plannedFigure,
  plannedPlace,
  soFar,
  withUnit,
} from "./comparison-words.ts";
import { formatBytes, formatMs } from "./format.ts";
import { type Column, table } from "./table.ts";

const BLOCK_COLUMNS: readonly Column[] = [
  { title: "PLAN AND MEASUREMENT", shrinksTo: 12 },
  { title: "PLANNED", align: "right", shrinksTo: 8 },
  { title: "MEASURED", align: "right", shrinksTo: 8 },
  { title: "BUDGET", align: "right" },
  { title: "VERDICT" },
];

const TITLES = { ...FIGURE_WORDS, fps: "fps, planned at most" };

/** The whole comparison of one pipeline: a head, a line for each figure, and where the model runs. */
export function comparisonTable(planned: Planned, width: number): string[] {
  const { comparison } = planned;
  if (!comparison) return [];
  const rows = comparison.rows.map((row) => [
    `  ${TITLES[row.what]}`,
    withUnit(row, plannedFigure(row)),
    measuredFigure(row),
    limit(row),
    verdicts(row, comparison),
  ]);
  const place = ["  runs on", plannedPlace(planned), measuredPlace(comparison), "", ""];
  return table(BLOCK_COLUMNS, [...rows, place], width);
}

function measuredFigure({ what, measured }: ComparisonRow): string {
  if (measured === null) return "not measured";
  if (what === "fps") return measured.toFixed(1);
  return what === "memoryBytes" ? formatBytes(measured) : formatMs(measured);
}

function verdicts(row: ComparisonRow, comparison: Comparison): string {
  const budget =
    row.budgetVerdict === null ? [] : [`budget ${row.budgetVerdict}${soFar(comparison)}`];
  const plan = row.planVerdict === null ? [] : [PLAN_WORDS[row.planVerdict]];
  return [...budget, ...plan].join(", ");
}

function measuredPlace({ runsOn: { measured } }: Comparison): string {
  if (!measured) return "not reported";
  return [measured.accelerator, measured.precision, measured.backend].filter(Boolean).join(" ");
}
