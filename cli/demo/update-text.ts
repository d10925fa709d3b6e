import type { Palette } from "../render/colour.ts";
import { wrap } from "../render/columns.ts";
import { formatBytes, formatCount, formatMs, formatRatio } from "../render/format.ts";
import { type Column, table } from "../render/table.ts";
import { countingRule, lightNote } from "./truth-text.ts";
import type { UpdateReport } from "./update-report.ts";

const SWAP_COLUMNS: readonly Column[] = [
  { title: "SWAP", shrinksTo: 12 },
  { title: "LAST FRAME", align: "right" },
  { title: "FIRST FRAME", align: "right" },
  { title: "LOST", align: "right" },
  { title: "GAP", align: "right" },
  { title: "FETCHED", align: "right" },
  { title: "LOAD", align: "right" },
  { title: "WARM", align: "right" },
];

const FIGURE_COLUMNS: readonly Column[] = [
  { title: "FIGURES", shrinksTo: 12 },
  { title: "MODEL", shrinksTo: 10 },
  { title: "FRAMES", align: "right" },
  { title: "NIGHT", align: "right" },
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
    ...report.devices.flatMap(lostLines).flatMap((line) => wrap(line, width)),
    "",
    ...titled(stateTable(report.devices, width), palette),
    "",
    ...titled(table(FIGURE_COLUMNS, figureRows(report), width), palette),
    ...wrap([countingRule(), ...lightNote(figuresOf(report))].join("; "), width),
    ...(report.enoughFrames
      ? []
      : [palette.warn(`Some figures are over less than ${report.wantedFrames} frames.`)]),
  ];
}

function titled([head = "", ...rows]: string[], palette: Palette): string[] {
  return [palette.faint(head), ...rows];
}

type Device = UpdateReport["devices"][number];

/** By the frame numbers that arrived; by the device's own count where no truth is kept. */
function swapRows({ device, pipelines }: Device): string[][] {
  return pipelines.map(({ pipeline, swap, agent, bytes }) => [
    `${device}/${pipeline}`,
    formatCount(swap?.lastFrame ?? agent?.lastFrame),
    formatCount(swap?.firstFrame ?? agent?.firstFrame),
    formatCount(swap?.lostFrames ?? agent?.framesLost),
    formatMs(swap?.gapMs ?? agent?.gapMs),
    formatBytes(bytes),
    formatMs(agent?.loadMs),
    formatMs(agent?.warmMs),
  ]);
}

/** Why frames are missing at the change: a camera's frames that come faster than a model looks at them are dropped. */
function lostLines({ device, pipelines }: Device): string[] {
  return pipelines.flatMap(({ pipeline, swap, agent, dropped }) => {
    const lost = swap?.lostFrames ?? agent?.framesLost ?? 0;
    if (lost === 0) return [];
    const counted =
      dropped === null
        ? "the pipeline has not told how many it dropped meanwhile."
        : `the pipeline counted ${dropped} dropped from before to after.`;
    return [`Lost of ${device}/${pipeline}: ${lost}; ${counted}`];
  });
}

/** A column for each state that took time on any pipeline, in the order in which they came. */
function stateTable(devices: readonly Device[], width: number): string[] {
  const updates = devices.flatMap(({ device, pipelines }) =>
    pipelines.map(({ pipeline, states }) => ({ name: `${device}/${pipeline}`, states })),
  );
  const past = updates.map(({ states }) => states.filter(({ tookMs }) => tookMs !== null));
  const names = [...new Set(past.flat().map(({ state }) => state))];
  const columns: Column[] = [
    { title: "UPDATE", shrinksTo: 8 },
    ...names.map((name): Column => ({ title: name.toUpperCase(), align: "right" })),
    { title: "NOW" },
  ];
  const rows = updates.map(({ name: title, states }) => [
    title,
    ...names.map((name) => formatMs(states.find(({ state }) => state === name)?.tookMs)),
    states.at(-1)?.state ?? "did not say",
  ]);
  return table(columns, rows, width);
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

function figuresOf({ devices }: UpdateReport): Figures[] {
  return devices.flatMap(({ pipelines }) =>
    pipelines.flatMap(({ before, after }) => [before, after]),
  );
}

function figureRow(title: string, model: string, figures: Figures): string[] {
  const { detector, tracker } = figures ?? {};
  return [
    title,
    model,
    formatCount(figures?.frames.matched),
    formatCount(figures?.nightFrames),
    formatRatio(detector?.pooled.precision),
    formatRatio(detector?.pooled.recall),
    formatRatio(tracker?.pooled.precision),
    formatRatio(tracker?.pooled.recall),
    formatRatio(tracker?.idf1),
  ];
}
