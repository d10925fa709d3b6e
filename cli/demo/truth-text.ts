import { COUNTING_RULE } from "../../fleet/sim/score/rule.ts";
import type { TruthFigures, TruthOverlay } from "../../fleet/sim/truth/overlay.ts";
import { formatAge, formatCount, formatRatio } from "../render/format.ts";
import type { Overlay } from "../render/overlay.ts";
import type { Column } from "../render/table.ts";

/** A pipeline's figures are good enough to be quoted from here on, unless the user says otherwise. */
export const ENOUGH_FRAMES = 300;

const COLUMNS: readonly Column[] = [
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

/** Figures of unlike light do not compare: said as soon as any of them is of the night. */
export function lightNote(figures: readonly (TruthFigures | null)[]): string[] {
  const atNight = figures.some((one) => one !== null && one.nightFrames > 0);
  return atNight
    ? ["the scene's day lasts 10 minutes: compare figures of the same light only"]
    : [];
}

/** The truth in the form in which screens lay it over a fleet. */
export function truthAsOverlay(truth: TruthOverlay): Overlay {
  return {
    name: "truth",
    data: truth,
    absence: absenceOf(truth),
    columns: COLUMNS,
    cells: [
      { title: "PREC/REC", wide: false },
      { title: "IDF1", wide: true },
      { title: "COMPARED", wide: true },
    ],
    pipelines: truth.pipelines.map(({ device, pipeline, now }) => ({
      device,
      pipeline,
      rows: now ? figureRows(now) : [["", "0"]],
      cells: now ? cellsOf(now) : ["-", "-", "-"],
      nothing: now ? null : "truth: no frame compared yet",
    })),
    note: [countingRule(), ...lightNote(truth.pipelines.map(({ now }) => now))].join("; "),
  };
}

/** Precision and recall of the detector, pooled over the labels; identity; frames. */
function cellsOf({ frames, detector, tracker }: TruthFigures): string[] {
  const { precision, recall } = detector.pooled;
  return [`${short(precision)}/${short(recall)}`, short(tracker.idf1), formatCount(frames.matched)];
}

function short(ratio: number | null): string {
  return ratio === null ? "-" : ratio.toFixed(2);
}

/** One line pooled over the labels, then one for each label. */
function figureRows({ frames, nightFrames, detector, tracker }: TruthFigures): string[][] {
  const labels = new Set([...Object.keys(detector.perLabel), ...Object.keys(tracker.perLabel)]);
  const ratios = (label: string | null): string[] =>
    [detector, tracker].flatMap(({ pooled, perLabel }) => {
      const one = label === null ? pooled : perLabel[label];
      return [formatRatio(one?.precision), formatRatio(one?.recall)];
    });
  const counts = [frames.matched, frames.missing, frames.unmatched].map(formatCount);
  return [
    ["", ...counts, ...ratios(null), formatRatio(tracker.idf1)],
    ...(nightFrames > 0 ? [["  at night", formatCount(nightFrames)]] : []),
    ...[...labels].sort().map((label) => [`  ${label}`, "", "", "", ...ratios(label), ""]),
  ];
}

/** What is said instead of figures; null when there are some. */
function absenceOf({ state, reportAgeMs }: TruthOverlay): Overlay["absence"] {
  switch (state) {
    case "current":
      return null;
    case "stale":
      return {
        text: `truth: the last report is ${formatAge(reportAgeMs)} old and not shown; its keeper has ended`,
        tone: "warn",
      };
    case "absent":
      return {
        text: "truth: no report; it is kept for the demo's simulated scene only",
        tone: "faint",
      };
    case "unreadable":
      return {
        text: "truth: the report cannot be read; `npm run demo` starts its keeper anew",
        tone: "warn",
      };
  }
}
