import type { UpdateReport } from "../demo/update-report.ts";
import type { Palette } from "./colour.ts";
import { formatBytes, formatCount, formatMs, formatRatio, wrap } from "./format.ts";
import { type Column, table } from "./table.ts";
import { countingRule, ENOUGH_FRAMES } from "./truth-text.ts";

const SWAP_COLUMNS: readonly Column[] = [
  { title: "SWAP", shrinksTo: 12 },
  { title: "LAST FRAME", align: "right" },
  { title: "FIRST FRAME", align: "right" },
  { title: "LOST", align: "right" },
  { title: "GAP", align: "right" },
  { title: "FETCHED", align: "right" },
];

const FIGURE_COLUMNS: readonly Column[] = [
  { title: "FIGURES", shrinksTo: 12 },
  { title: "MODEL", shrinksTo: 10 },
  { title: "FRAMES", align: "right" },
  { title: "DET P", align: "right" },
  { title: "DET R", align: "right" },
  { title: "TRK P", align: "right" },
  { title: "TRK R", align: "right" },
  { title: "IDF1", align: "right" },
];

export function updateLines(report: UpdateReport, width: number, palette: Palette): string[] {
  const { from, to, changed, tookMs } = report;
  if (!changed) return [palette.strong(`${to} is what runs already: nothing to change`)];
  return [
    palette.strong(`${from} → ${to}: ${(tookMs / 1000).toFixed(1)} s for \`pulumi up\``),
    "",
    ...titled(table(SWAP_COLUMNS, report.devices.flatMap(swapRows), width), palette),
    ...wrap("Gap: from the capture of the last frame of the old to the first of the new.", width),
    "",
    ...report.devices.flatMap((device) => stateLines(device, width)),
    "",
    ...titled(table(FIGURE_COLUMNS, figureRows(report), width), palette),
    ...wrap(countingRule(), width),
    ...(report.enoughFrames
      ? []
      : [palette.warn(`Some figures are over less than ${ENOUGH_FRAMES} frames.`)]),
  ];
}

function titled([head = "", ...rows]: string[], palette: Palette): string[] {
  return [palette.faint(head), ...rows];
}

type Device = UpdateReport["devices"][number];

function swapRows({ device, bytes, pipelines }: Device): string[][] {
  return pipelines.map(({ pipeline, swap }) => [
    `${device}/${pipeline}`,
    formatCount(swap?.lastFrame),
    formatCount(swap?.firstFrame),
    formatCount(swap?.lostFrames),
    formatMs(swap?.gapMs),
    formatBytes(bytes),
  ]);
}

function stateLines({ device, states, pipelines }: Device, width: number): string[] {
  const parts = states.map(({ state, tookMs }) =>
    tookMs === null ? state : `${state} ${formatMs(tookMs)}`,
  );
  const own = pipelines.flatMap(({ pipeline, agent }) =>
    agent ? [`${pipeline}: ${ownWords(agent)}`] : [],
  );
  const text = parts.join(", ") || "did not say how its update went";
  return [...wrap(`${device}: ${text}`, width), ...own.flatMap((one) => wrap(`  ${one}`, width))];
}

type Agent = NonNullable<Device["pipelines"][number]["agent"]>;

function ownWords({ framesLost, gapMs, loadMs, warmMs }: Agent): string {
  return (
    `the device counts ${formatCount(framesLost)} frames lost, gap ${formatMs(gapMs)}; ` +
    `it loaded the model in ${formatMs(loadMs)} and warmed it up in ${formatMs(warmMs)}`
  );
}

function figureRows({ from, to, devices }: UpdateReport): string[][] {
  return devices.flatMap(({ device, pipelines }) =>
    pipelines.flatMap(({ pipeline, before, after }) => [
      figureRow(`${device}/${pipeline}`, from, before),
      figureRow("", to, after),
    ]),
  );
}

type Figures = Device["pipelines"][number]["after"];

function figureRow(title: string, model: string, figures: Figures): string[] {
  const { detector, tracker } = figures ?? {};
  return [
    title,
    model,
    formatCount(figures?.frames.matched),
    formatRatio(detector?.pooled.precision),
    formatRatio(detector?.pooled.recall),
    formatRatio(tracker?.pooled.precision),
    formatRatio(tracker?.pooled.recall),
    formatRatio(tracker?.idf1),
  ];
}
