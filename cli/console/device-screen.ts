import type { DeviceView, FleetView, PipelineView } from "../fleet-view/index.ts";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatFps,
  formatMs,
  formatPercent,
  shortDigest,
  wrap,
} from "../render/format.ts";
import { boardTitle, modelTitle, stageTable } from "../render/status-text.ts";
import { clockOf, problemLines } from "./fleet-screen.ts";
import { footerOf } from "./keys.ts";
import { type Line, line, page, rule, type Size, spread } from "./lines.ts";

export function deviceScreen(view: FleetView, device: DeviceView, size: Size): Line[] {
  const { width } = size;
  const footer = [rule(width), line(footerOf(["up", "down", "back", "help", "quit"]), "faint")];
  const problems = problemLines(
    { problems: view.problems.filter((problem) => problem.device === device.name) },
    width,
  );
  const head = [
    titleLine(view, device, width),
    ...identityLines(device, width),
    ...figureLines(device, width),
  ];
  const room = Math.max(
    6,
    size.height - head.length - footer.length - Math.min(problems.length, 6),
  );
  const pipelines = device.pipelines.flatMap((pipeline) => pipelineLines(pipeline, view, width));
  return page(
    [...head, ...pipelines.slice(0, room), ...problems, ...eventLines(device, width)],
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
        `agent ${device.agentVersion ?? "unknown"} on Node ${board.node}`,
      ]
    : ["nothing reported yet"];
  return wrapped([...parts, ...updateParts(device)], width);
}

function updateParts({ update, generation, desiredGeneration, setDigest }: DeviceView): string[] {
  if (!update) return [];
  const of = desiredGeneration === null ? "" : ` of ${desiredGeneration}`;
  const { fetchedBytes, totalBytes } = update;
  const fetched =
    totalBytes && update.state === "fetching"
      ? ` ${Math.floor((100 * (fetchedBytes ?? 0)) / totalBytes)} % of ${formatBytes(totalBytes)}`
      : "";
  return [
    `update ${update.state}${fetched}`,
    `generation ${generation ?? 0}${of}`,
    ...(setDigest ? [`set ${shortDigest(setDigest)}`] : []),
  ];
}

function figureLines({ figures }: DeviceView, width: number): Line[] {
  if (!figures) return [rule(width), line("no figures", "warn")];
  const temperatures = Object.entries(figures.temperaturesCelsius).map(
    ([sensor, value]) => `${sensor} ${Math.round(value)} °C`,
  );
  const power = Object.entries(figures.powerMilliwatts).map(
    ([rail, value]) => `${rail} ${(value / 1000).toFixed(1)} W`,
  );
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
    ...wrapped(temperatures, width),
    ...wrapped(power, width),
  ];
}

function pipelineLines(pipeline: PipelineView, view: FleetView, width: number): Line[] {
  const { name, state, stats, sinceMs, restarts } = pipeline;
  const since =
    sinceMs === null ? "" : ` for ${formatAge(Math.max(0, view.generatedAtMs - sinceMs))}`;
  const title = [
    `${name} ${state}${since}`,
    modelTitle(pipeline),
    `${formatFps(stats?.fps)} fps`,
    `p50 ${formatMs(stats?.latencyMs?.p50)}`,
    `p95 ${formatMs(stats?.latencyMs?.p95)}`,
    `from ${stats?.latencyFrom ?? "-"}`,
    `tracks ${formatCount(stats?.tracksTotal)}`,
    `source ${stats?.source.state ?? "-"}`,
    ...(restarts > 0 ? [`restarts ${restarts}`] : []),
  ];
  const [head = "", ...rows] = stats ? stageTable(stats.stages, width) : [];
  return [
    rule(width),
    ...wrapped(title, width).map(({ text }) => line(text, state === "running" ? "strong" : "bad")),
    ...(stats ? [line(head, "faint"), ...rows.map((text) => line(text))] : []),
  ];
}

function eventLines(device: DeviceView, width: number): Line[] {
  if (device.events.length === 0) return [];
  const lines = device.events.map(({ atMs, pipeline, message }) =>
    line(`${clockOf(atMs)}  ${pipeline === undefined ? "" : `${pipeline}: `}${message}`, "faint"),
  );
  return [rule(width), ...lines];
}

/** Short facts in a row, broken between facts only. */
function wrapped(parts: readonly string[], width: number): Line[] {
  const glued = parts.map((part) => part.replaceAll(" ", "\u00a0"));
  const text = glued.map((part, at) => (at < glued.length - 1 ? `${part}\u00a0·` : part)).join(" ");
  return wrap(text, width).map((one) => line(one.replaceAll("\u00a0", " ")));
}
