import {
  buildWords,
  type DeviceView,
  type FleetView,
  type PipelineView,
  pipelineWords,
  updateProgress,
  updateUnderWay,
} from "../../fleet/view/index.ts";
import { analyticsLines } from "../render/analytics-text.ts";
import { cardParts } from "../render/card-text.ts";
import { widthOf } from "../render/columns.ts";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatFps,
  formatMs,
  formatPercent,
  shortDigest,
} from "../render/format.ts";
import { overlayRows, type Shown, titledRows } from "../render/overlay.ts";
import { secondaryLines } from "../render/secondary-text.ts";
import { sourcesText, sourceTable } from "../render/sources-text.ts";
import { boardTitle, modelTitle, stageTable } from "../render/status-text.ts";
import { table } from "../render/table.ts";
import { clockOf, eventLines, problemLines } from "./common-lines.ts";
import { footerOf } from "./keys.ts";
import { type Line, line, page, rule, type Size, spread, TALL, wrapped } from "./lines.ts";
import { pastLines } from "./past-lines.ts";
import { isOutOfBudget, marked, planLines } from "./plan-lines.ts";

export function deviceScreen(view: Shown, device: DeviceView, size: Size): Line[] {
  const { width } = size;
  const footer = [rule(width), line(footerOf(["up", "down", "back", "help", "quit"]), "faint")];
  const problems = problemLines(
    { problems: view.problems.filter((problem) => problem.device === device.name) },
    width,
  );
  const head = [
    titleLine(view, device, width),
    ...identityLines(device, width),
    ...figureLines(device, size),
  ];
  const room = Math.max(
    6,
    size.height - head.length - footer.length - Math.min(problems.length, 6),
  );
  const pipelines = device.pipelines.flatMap((pipeline) => [
    ...pipelineLines(pipeline, device, view, size),
    ...overlayLines(view, device, pipeline, size),
  ]);
  return page(
    [...head, ...pipelines.slice(0, room), ...problems, ...deviceEvents(device, view, width)],
    footer,
    size,
  );
}

function titleLine(view: FleetView, device: DeviceView, width: number): Line {
  const age = formatAge(device.statsAgeMs ?? device.reportedAgeMs);
  const right = `${device.presence}, ${age} old  ${clockOf(view.generatedAtMs)}  ? help`;
  const link = view.hub.connected ? "" : "  (no link to the hub)";
  const tone = device.presence === "online" ? "strong" : "bad";
  return line(spread(`${view.fleet} > ${device.name}${link}`, right, width), tone);
}

function identityLines(device: DeviceView, width: number): Line[] {
  const { board } = device;
  const parts = board
    ? [
        boardTitle(device),
        `JetPack ${board.jetpack ?? "unknown"}`,
        `L4T ${board.l4t ?? "unknown"}`,
        `power mode ${board.powerMode ?? "unknown"}`,
        `clocks ${board.clocks ?? "unknown"}`,
        ...(board.fanProfile ? [`fan ${board.fanProfile}`] : []),
        `agent ${device.agentVersion ?? "unknown"} on Node ${board.node}`,
      ]
    : ["nothing reported yet"];
  return [...wrapped([...parts, ...versionParts(device)], width), ...updateLines(device, width)];
}

function versionParts({ generation, desiredGeneration, setDigest }: DeviceView): string[] {
  const of = desiredGeneration === null ? "" : ` of ${desiredGeneration}`;
  return [
    `generation ${generation ?? 0}${of}`,
    ...(setDigest ? [`set ${shortDigest(setDigest)}`] : []),
  ];
}

/** The device's word for its updates, and how the newest one of each pipeline went as far as we heard it. */
function updateLines(device: DeviceView, width: number): Line[] {
  const { update, pipelines } = device;
  if (!update) return [];
  const underWay = updateUnderWay(device);
  const total = underWay && update.totalBytes ? ` of ${formatBytes(update.totalBytes)}` : "";
  const several = pipelines.length > 1;
  const past = pipelines.flatMap(({ name }) => pastStates(device, name, several));
  const text = [`update ${underWay ?? update.state}${total}`, ...past];
  return wrapped(text, width).map(({ text: one }) => line(one, underWay ? "warn" : "plain"));
}

function pastStates(device: DeviceView, pipeline: string, isNamed: boolean): string[] {
  const { states, bytes } = updateProgress(device, pipeline);
  const past = states.flatMap(({ state, tookMs }) =>
    tookMs === null ? [] : [`${state} ${formatMs(tookMs)}`],
  );
  const parts = [...past, ...(bytes === null ? [] : [`fetched ${formatBytes(bytes)}`])];
  return isNamed && parts.length > 0 ? [`${pipeline}:`, ...parts] : parts;
}

function figureLines({ figures }: DeviceView, { width, height }: Size): Line[] {
  if (!figures) return [rule(width), line("no figures", "warn")];
  const temperatures = Object.entries(figures.temperaturesCelsius)
    .sort(([, a], [, b]) => b - a)
    .map(([sensor, value]) => `${sensor} ${Math.round(value)} °C`);
  const power = Object.entries(figures.powerMilliwatts)
    .sort(([, a], [, b]) => b - a)
    .map(([rail, value]) => `${rail} ${(value / 1000).toFixed(1)} W`);
  const rows = (parts: readonly string[]): Line[] =>
    height < TALL ? fitted(parts, width) : wrapped(parts, width);
  return [
    rule(width),
    ...wrapped(
      [
        `CPU ${formatPercent(figures.cpuPercent)}`,
        `GPU ${formatPercent(figures.gpuPercent)}`,
        `memory ${formatBytes(figures.memoryUsedBytes)} of ${formatBytes(figures.memoryTotalBytes)}`,
        `disk ${formatBytes(figures.diskFreeBytes)} free`,
      ],
      width,
    ),
    ...rows(temperatures),
    ...rows(power),
    ...(figures.cards ? cardParts(figures.cards).flatMap(rows) : []),
  ];
}

function pipelineLines(
  pipeline: PipelineView,
  device: DeviceView,
  view: FleetView,
  { width, height }: Size,
): Line[] {
  const { name, state, stats, sinceMs, restarts } = pipeline;
  const since =
    sinceMs === null ? "" : ` for ${formatAge(Math.max(0, view.generatedAtMs - sinceMs))}`;
  const title = [
    `${name} ${pipelineWords(pipeline)}${since}`,
    ...engineParts(pipeline),
    modelTitle(pipeline),
    `${marked(formatFps(stats?.fps), pipeline, "fps")} fps`,
    `p50 ${formatMs(stats?.latencyMs?.p50)}`,
    `p95 ${marked(formatMs(stats?.latencyMs?.p95), pipeline, "latencyP95Ms")}`,
    `from ${stats?.latencyFrom ?? "-"}`,
    ...clocksApart(stats),
    `tracks ${formatCount(stats?.tracksTotal)}`,
    ...sourceParts(stats),
    ...(restarts > 0 ? [`restarts ${restarts}`] : []),
  ];
  const tone = state !== "running" ? "bad" : isOutOfBudget(pipeline) ? "warn" : "strong";
  const [head = "", ...rows] = stats ? stageTable(stats.stages, width) : [];
  return [
    rule(width),
    ...wrapped(title, width).map(({ text }) => line(text, tone)),
    ...pastLines(device, name, { width, height }),
    ...planLines(pipeline, { width, height }),
    ...(stats ? [line(head, "faint"), ...rows.map((text) => line(text))] : []),
    ...sourceLines(stats, width),
    ...analyticsLines(stats ?? {}).flatMap((text) => wrapped([text], width)),
    ...secondaryLines(stats ?? {}).flatMap((text) => wrapped([`  ${text}`], width)),
  ];
}

function sourceParts(stats: PipelineView["stats"]): string[] {
  if (stats === null) return ["source -"];
  return [`${stats.sources ? "sources" : "source"} ${sourcesText(stats)}`];
}

function sourceLines(stats: PipelineView["stats"], width: number): Line[] {
  const [head, ...rows] = sourceTable(stats?.sources, width);
  return head === undefined ? [] : [line(head, "faint"), ...rows.map((text) => line(text))];
}

/** The engine that is being built for it, or that its runner was given. */
function engineParts({ engine, update, plan }: PipelineView): string[] {
  if (update?.build) return [buildWords(update.build, plan)];
  return engine ? [`engine ${shortDigest(engine.digest)} ${formatBytes(engine.sizeBytes)}`] : [];
}

/** Clocks kept by NTP agree far better; where they do not, a latency from capture would be wrong by as much. */
const APART_MS = 1000;

/** Why the latency is not told from capture, where the camera's clock is the reason. */
function clocksApart(stats: PipelineView["stats"]): string[] {
  const offsetMs = stats?.source.clockOffsetMs;
  if (offsetMs === undefined || Math.abs(offsetMs) < APART_MS) return [];
  if (stats?.latencyFrom === "capture") return [];
  return [`camera's clock ${formatAge(Math.abs(offsetMs))} ${offsetMs > 0 ? "behind" : "ahead"}`];
}

/** More than the sum only where there is room for it. */
function overlayLines(
  view: Shown,
  device: DeviceView,
  pipeline: PipelineView,
  { width, height }: Size,
): Line[] {
  const { overlay } = view;
  if (!overlay) return [];
  const own = overlayRows(view, device.name, pipeline.name);
  const absence = overlay.absence?.text ?? own?.nothing;
  if (!own || absence) return absence ? [line(absence, "faint")] : [];
  const rows = titledRows(own, "  all labels");
  const [head = "", ...lines] = table(
    overlay.columns,
    height < TALL ? rows.slice(0, 1) : rows,
    width,
  );
  return [line(head, "faint"), ...lines.map((text) => line(text))];
}

function deviceEvents({ events }: DeviceView, view: FleetView, width: number): Line[] {
  return eventLines(
    events.map(({ atMs, pipeline, message }) => ({ atMs, where: pipeline ?? null, message })),
    view,
    width,
  );
}

/** As many short facts as one line holds, and how many more there are. */
function fitted(parts: readonly string[], width: number): Line[] {
  if (parts.length === 0) return [];
  for (let count = parts.length; count > 1; count -= 1) {
    const more = count < parts.length ? [`${parts.length - count} more`] : [];
    const text = [...parts.slice(0, count), ...more].join(" · ");
    if (widthOf(text) <= width) return [line(text)];
  }
  return [line(parts[0] ?? "")];
}
