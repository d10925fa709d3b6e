import type {
  Comparison,
  ComparisonRow,
  DeviceView,
  FleetView,
  PipelineView,
} from "../../fleet/view/index.ts";
import { wrap } from "./columns.ts";
import {
  FIGURE_WORDS,
  PLAN_WORDS,
  type Planned,
  planAbsence,
  plannedFigure,
  plannedPlace,
  siliconNote,
  soFar,
} from "./comparison-words.ts";
import { formatBareMs } from "./format.ts";
import { type Column, table } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "PLAN", shrinksTo: 10 },
  { title: "RUNS ON", shrinksTo: 8 },
  { title: "MAX FPS", align: "right" },
  { title: "INFER ms", align: "right" },
  { title: "NOW", align: "right" },
  { title: "FPS ≥", align: "right" },
  { title: "P95 ≤", align: "right" },
  { title: "BUDGET" },
];

/** The section of `jetfleet status`: one line a pipeline, then what must be known to read it. */
export function planSection(
  view: FleetView,
  width: number,
): { head: string; rest: string[] } | null {
  const pipelines = view.devices.flatMap((device) =>
    device.pipelines
      .filter(({ comparison }) => comparison !== null)
      .map((pipeline) => ({ device, pipeline })),
  );
  if (pipelines.length === 0) return null;
  const rows = pipelines.map(({ device, pipeline }) => cells(titleOf(device, pipeline), pipeline));
  const [head = "", ...lines] = table(COLUMNS, rows, width);
  const absences = pipelines.flatMap(({ device, pipeline }) =>
    planAbsence(pipeline).map((why) => `${titleOf(device, pipeline)}: ${why}`),
  );
  const notes = [...absences, ...siliconNotes(pipelines), ...pipelines.flatMap(planNotes)];
  return { head, rest: [...lines, ...notes.flatMap((note) => wrap(note, width))] };
}

interface Placed {
  device: DeviceView;
  pipeline: PipelineView;
}

/** Each note once; of which pipelines it is, unless of all that have a plan. */
function siliconNotes(pipelines: readonly Placed[]): string[] {
  const planned = pipelines.filter(({ pipeline }) => pipeline.comparison?.runsOn.planned);
  const byNote = Map.groupBy(planned, ({ pipeline }) => siliconNote(pipeline));
  return [...byNote].flatMap(([note, group]) => {
    if (note === null) return [];
    const names = group.map(({ device, pipeline }) => titleOf(device, pipeline)).join(", ");
    return [group.length === planned.length ? note : `${names}: ${note}`];
  });
}

/** What the plan warned of; and on the planned silicon, what is not as planned. */
function planNotes({ device, pipeline }: Placed): string[] {
  const rows = pipeline.comparison?.rows ?? [];
  const { verdict, ofRunningModel, warnings = [] } = pipeline.plan ?? {};
  const holds = verdict === "runs" && ofRunningModel !== false;
  const warned = holds ? warnings.map((text) => `${titleOf(device, pipeline)}: ${text}`) : [];
  const different = rows.flatMap(({ what, planVerdict }) =>
    planVerdict === null || planVerdict === "inside"
      ? []
      : [`${titleOf(device, pipeline)}: ${FIGURE_WORDS[what]} ${PLAN_WORDS[planVerdict]}`],
  );
  return [...warned, ...different];
}

function titleOf({ name: device }: DeviceView, { name }: PipelineView): string {
  return `${device}/${name}`;
}

function cells(title: string, planned: Planned): string[] {
  const row = (what: ComparisonRow["what"]) =>
    planned.comparison?.rows.find((one) => one.what === what);
  const [fps, inference, p95] = [row("fps"), row("inferenceMs"), row("latencyP95Ms")];
  return [
    title,
    plannedPlace(planned),
    plannedFigure(fps),
    plannedFigure(inference),
    formatBareMs(inference?.measured),
    String(fps?.budget ?? "-"),
    String(p95?.budget ?? "-"),
    budgetWord(planned.comparison),
  ];
}

const WORST_FIRST = ["missed", "recovering", "unknown", "met"] as const;

/** The worst of the verdicts, with its seconds while they are too few to count. */
function budgetWord(comparison: Comparison | null): string {
  const verdicts = (comparison?.rows ?? []).map(({ budgetVerdict }) => budgetVerdict);
  const worst = WORST_FIRST.find((verdict) => verdicts.includes(verdict));
  if (worst === undefined || !comparison) return "-";
  return worst === "unknown" ? worst : `${worst}${soFar(comparison)}`;
}
