import { COUNTING_RULE } from "../../fleet/sim/score/index.ts";
import type {
  DeviceView,
  FleetView,
  PipelineView,
  TruthFigures,
  TruthState,
} from "../../fleet/view/index.ts";
import { formatAge, formatCount, formatRatio, wrap } from "./format.ts";
import { type Column, table } from "./table.ts";

/** A pipeline's figures are good enough to be quoted from here on. */
export const ENOUGH_FRAMES = 300;

export const TRUTH_COLUMNS: readonly Column[] = [
  { title: "TRUTH", shrinksTo: 12 },
  { title: "FRAMES", align: "right" },
  { title: "MISSING", align: "right" },
  { title: "UNMATCHED", align: "right" },
  { title: "DET P", align: "right" },
  { title: "DET R", align: "right" },
  { title: "TRK P", align: "right" },
  { title: "TRK R", align: "right" },
  { title: "IDF1", align: "right" },
];

/** Which objects count, in one sentence. */
export function countingRule(): string {
  const { iou, minHeightShare, minVisible } = COUNTING_RULE;
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return (
    `Rule: same label, IoU ≥ ${iou}; left out: height < ${percent(minHeightShare)} of picture, ` +
    `visible < ${percent(minVisible)}`
  );
}

/** Table head first; then a line for each pipeline, pooled, and one for each label. */
export function truthTable(view: FleetView, width: number): string[] {
  const rows = view.devices.flatMap((device) =>
    device.pipelines.flatMap((pipeline) => pipelineRows(device, pipeline)),
  );
  return table(TRUTH_COLUMNS, rows, width);
}

function pipelineRows(device: DeviceView, { name, truth }: PipelineView): string[][] {
  const title = `${device.name}/${name}`;
  return truth?.now ? figureRows(title, truth.now) : [[title, "0"]];
}

/** One line pooled over the labels, then one for each label. */
export function figureRows(title: string, figures: TruthFigures): string[][] {
  const { frames, detector, tracker } = figures;
  const labels = new Set([...Object.keys(detector.perLabel), ...Object.keys(tracker.perLabel)]);
  const ratios = (label: string | null): string[] =>
    [detector, tracker].flatMap(({ pooled, perLabel }) => {
      const one = label === null ? pooled : perLabel[label];
      return [formatRatio(one?.precision), formatRatio(one?.recall)];
    });
  const counts = [frames.matched, frames.missing, frames.unmatched].map(formatCount);
  return [
    [title, ...counts, ...ratios(null), formatRatio(tracker.idf1)],
    ...[...labels].sort().map((label) => [`  ${label}`, "", "", "", ...ratios(label), ""]),
  ];
}

/** What is said instead of figures; null when there are some. */
export function truthAbsence(truth: TruthState): string | null {
  switch (truth.state) {
    case "current":
      return null;
    case "stale":
      return `truth: the last report is ${formatAge(truth.reportAgeMs)} old and not shown; its keeper has ended`;
    case "absent":
      return "truth: no report; it is kept for the demo's simulated scene only";
    case "unreadable":
      return "truth: the report cannot be read; `npm run demo` starts its keeper anew";
  }
}

/** The section of `jetfleet status`; nothing for a fleet whose cameras' truth nobody knows. */
export function truthLines(
  view: FleetView,
  width: number,
): { head: string; rest: string[] } | null {
  const { truth } = view;
  if (truth === null) return null;
  const absence = truthAbsence(truth);
  if (absence !== null) return { head: "", rest: wrap(absence, width) };
  const [head = "", ...rows] = truthTable(view, width);
  return { head, rest: [...rows, ...wrap(countingRule(), width)] };
}
