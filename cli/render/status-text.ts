import { BOARDS } from "../../fleet/boards/index.ts";
import type { StageStats } from "../../fleet/contract/index.ts";
import { labelsText } from "../../fleet/spec/index.ts";
import {
  buildWords,
  type DeviceView,
  type FleetView,
  type PipelineView,
  type Problem,
  pipelineWords,
} from "../../fleet/view/index.ts";
import { analyticsLines } from "./analytics-text.ts";
import { cardParts } from "./card-text.ts";
import type { Palette } from "./colour.ts";
import { fit, wrap } from "./columns.ts";
import { formatAge, formatBareMs, formatCount, formatFps, shortDigest } from "./format.ts";
import { leftOutText } from "./left-out.ts";
import { overlaySection, type Shown } from "./overlay.ts";
import { planSection } from "./plan-section.ts";
import { secondaryLines } from "./secondary-text.ts";
import { batchLines, sourceTable } from "./sources-text.ts";
import { type Column, table } from "./table.ts";

/** The whole answer of `jetfleet status`, line by line, at most `width` columns. */
export function statusLines(view: Shown, width: number, palette: Palette): string[] {
  if (view.devices.length === 0) {
    return [...header(view, width, palette), "", "No device yet: `pulumi up` makes the first."];
  }
  const pipelines = view.devices.flatMap((device) =>
    device.pipelines.map((pipeline) => ({ device, pipeline })),
  );
  return [
    ...header(view, width, palette),
    "",
    ...titled(deviceTable(view.devices, width), palette),
    ...view.devices.flatMap((device) => cardLines(device, width)),
    ...(pipelines.length > 0 ? ["", ...titled(pipelineTable(pipelines, width), palette)] : []),
    ...pipelines.flatMap(({ device, pipeline }) => stageLines(device, pipeline, width, palette)),
    ...section(planSection(view, width), palette),
    ...section(overlaySection(view, width), palette),
    ...problemLines(view.problems, width, palette),
  ];
}

function header(view: FleetView, width: number, palette: Palette): string[] {
  const online = view.devices.filter(({ presence }) => presence === "online").length;
  const all = view.devices.flatMap(({ pipelines }) => pipelines);
  const running = all.filter(({ state }) => state === "running").length;
  const link = view.hub.connected ? "" : " (no link)";
  const leftOut = leftOutText(view.hub);
  const text =
    `fleet ${view.fleet} · ${online} of ${view.devices.length} devices online · ` +
    `${running} of ${all.length} pipelines running · hub ${view.hub.httpUrl}${link}` +
    (leftOut === null ? "" : ` · ${leftOut}`);
  return wrap(text, width).map((line) => palette.strong(line));
}

function titled(lines: string[], palette: Palette): string[] {
  return lines.map((line, at) => (at === 0 ? palette.faint(line) : line));
}

const DEVICE_COLUMNS: readonly Column[] = [
  { title: "DEVICE", shrinksTo: 8 },
  { title: "BOARD", shrinksTo: 12 },
  { title: "STATE" },
  { title: "JETPACK" },
  { title: "MODE", shrinksTo: 4 },
  { title: "AGENT" },
  { title: "REPORT", align: "right" },
];

const LABELS: Column = { title: "LABELS", shrinksTo: 8 };

function deviceTable(devices: readonly DeviceView[], width: number): string[] {
  const labelled = devices.some(({ labels }) => Object.keys(labels ?? {}).length > 0);
  const rows = devices.map((device) => [
    device.name,
    boardTitle(device),
    device.presence,
    device.board?.jetpack ?? "-",
    device.board?.powerMode ?? "-",
    device.agentVersion ?? "-",
    formatAge(device.statsAgeMs ?? device.reportedAgeMs),
    ...(labelled ? [device.labels ? labelsText(device.labels) : "-"] : []),
  ]);
  return table(labelled ? [...DEVICE_COLUMNS, LABELS] : DEVICE_COLUMNS, rows, width);
}

/** Of a PC its cards, each in lines of its own. */
function cardLines({ name, figures }: DeviceView, width: number): string[] {
  const cards = figures?.cards ? cardParts(figures.cards) : [];
  return cards.flatMap((parts) => wrap(`${name} · ${parts.join(" · ")}`, width));
}

/** "simulated" is never left out: figures of a simulated board are not a board's. */
export function boardTitle({ board }: Pick<DeviceView, "board">): string {
  if (!board) return "-";
  const title = board.board === "unknown" ? "unknown board" : BOARDS[board.board].title;
  const short = title.replace(/^Jetson /, "");
  return board.simulated ? `${short} (simulated)` : short;
}

const PIPELINE_COLUMNS: readonly Column[] = [
  { title: "PIPELINE", shrinksTo: 10 },
  { title: "STATE" },
  { title: "MODEL", shrinksTo: 10 },
  { title: "FPS", align: "right" },
  { title: "P50 ms", align: "right" },
  { title: "P95 ms", align: "right" },
  { title: "FROM" },
  { title: "DROPS", align: "right" },
];

function pipelineTable(
  pipelines: readonly { device: DeviceView; pipeline: PipelineView }[],
  width: number,
): string[] {
  const rows = pipelines.map(({ device, pipeline }) => [
    `${device.name}/${pipeline.name}`,
    pipelineWords(pipeline),
    modelTitle(pipeline),
    formatFps(pipeline.stats?.fps),
    formatBareMs(pipeline.stats?.latencyMs?.p50),
    formatBareMs(pipeline.stats?.latencyMs?.p95),
    pipeline.stats?.latencyFrom ?? "-",
    formatCount(pipeline.stats?.droppedTotal),
  ]);
  return [...table(PIPELINE_COLUMNS, rows, width), ...buildLines(pipelines, width)];
}

/** What is being built, a line for each engine. */
function buildLines(
  pipelines: readonly { device: DeviceView; pipeline: PipelineView }[],
  width: number,
): string[] {
  return pipelines.flatMap(({ device, pipeline: { name, update, plan } }) =>
    update?.build ? wrap(`${device.name}/${name}: ${buildWords(update.build, plan)}`, width) : [],
  );
}

export function modelTitle({ model }: Pick<PipelineView, "model">): string {
  return model ? `${model.name} ${shortDigest(model.digest)}` : "-";
}

const STAGE_COLUMNS: readonly Column[] = [
  { title: "  STAGE", shrinksTo: 10 },
  { title: "WAIT p50", align: "right" },
  { title: "p95", align: "right" },
  { title: "WORK p50", align: "right" },
  { title: "p95 ms", align: "right" },
  { title: "QUEUE now/max/of", align: "right" },
  { title: "DROPS", align: "right" },
];

function stageLines(
  device: DeviceView,
  pipeline: PipelineView,
  width: number,
  palette: Palette,
): string[] {
  const stages = pipeline.stats?.stages ?? [];
  if (stages.length === 0) return [];
  const title = `${device.name}/${pipeline.name}, per stage over the last second`;
  const sources = sourceTable(pipeline.stats?.sources, width);
  return [
    ...["", fit(title, width), ...titled(stageTable(stages, width), palette)],
    ...(sources.length > 0 ? titled(sources, palette) : []),
    ...analyticsLines(pipeline.stats ?? {}).flatMap((text) => wrap(text, width)),
    ...secondaryLines(pipeline.stats ?? {}).flatMap((text) => wrap(`  ${text}`, width)),
    ...batchLines(pipeline.stats ?? {}).flatMap((text) => wrap(text, width)),
  ];
}

export function stageTable(stages: readonly StageStats[], width: number): string[] {
  const rows = stages.map(({ name, waitMs, workMs, queue, dropsTotal }) => [
    `  ${name}`,
    formatBareMs(waitMs?.p50),
    formatBareMs(waitMs?.p95),
    formatBareMs(workMs?.p50),
    formatBareMs(workMs?.p95),
    `${queue.level}/${queue.max}/${queue.capacity}`,
    formatCount(dropsTotal),
  ]);
  return table(STAGE_COLUMNS, rows, width);
}

function section(lines: { head: string; rest: string[] } | null, palette: Palette): string[] {
  if (!lines) return [];
  return ["", ...(lines.head === "" ? [] : [palette.faint(lines.head)]), ...lines.rest];
}

function problemLines(problems: readonly Problem[], width: number, palette: Palette): string[] {
  if (problems.length === 0) return [];
  return ["", ...problems.flatMap((problem) => problemText(problem, width, palette))];
}

export function problemText(problem: Problem, width: number, palette: Palette): string[] {
  const where = problem.pipeline ? `${problem.device}/${problem.pipeline}` : problem.device;
  const mark = problem.severity === "error" ? "error" : "warning";
  const paint = problem.severity === "error" ? palette.bad : palette.warn;
  const [first = "", ...rest] = wrap(
    `${mark} ${where}: ${problem.code}: ${problem.message}`,
    width,
  );
  const hint = wrap(`next: ${problem.hint}`, width - 2).map((line) => `  ${line}`);
  return [paint(first), ...rest.map((line) => paint(line)), ...hint];
}
