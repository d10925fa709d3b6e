import type { DeviceView, FleetView } from "../fleet-view/index.ts";
import { NO_PALETTE } from "../render/colour.ts";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatFps,
  formatMs,
  formatPercent,
} from "../render/format.ts";
import { boardTitle, modelTitle, problemText } from "../render/status-text.ts";
import { type Column, table } from "../render/table.ts";
import { footerOf } from "./keys.ts";
import { type Line, line, page, rule, type Size, spread, type Tone } from "./lines.ts";
import { selectedDevice, type UiState } from "./ui-state.ts";

export function fleetScreen(view: FleetView, ui: UiState, size: Size): Line[] {
  const { width } = size;
  const footer = [rule(width), line(footerOf(["up", "down", "open", "help", "quit"]), "faint")];
  const head = [...header(view, width), rule(width)];
  if (view.devices.length === 0) {
    return page([...head, line("No device yet: `pulumi up` makes the first.")], footer, size);
  }
  const problems = problemLines(view, width);
  // Problems are never the part that a small screen hides, so the lists leave them room.
  const room = Math.max(
    4,
    size.height - head.length - footer.length - Math.min(problems.length, 8),
  );
  const lists = [...deviceLines(view, ui, width), rule(width), ...pipelineLines(view, width)];
  const events = eventLines(view, width);
  return page([...head, ...lists.slice(0, room), ...problems, ...events], footer, size);
}

export function header(view: FleetView, width: number): Line[] {
  const online = view.devices.filter(({ presence }) => presence === "online").length;
  const clock = new Date(view.generatedAtMs).toTimeString().slice(0, 8);
  const counts = `${online} of ${view.devices.length} online`;
  const wrong = view.problems.filter(({ severity }) => severity === "error").length;
  const state = wrong === 0 ? "all well" : `${wrong} wrong`;
  const text = `jetfleet  ${view.fleet}  ${counts}  ${state}`;
  const first = line(spread(text, `${clock}  ? help`, width), wrong === 0 ? "strong" : "bad");
  const lost = `no link to the hub at ${view.hub.httpUrl}: what is shown is old; trying again`;
  return view.hub.connected ? [first] : [first, line(lost, "bad")];
}

const DEVICE_COLUMNS: readonly Column[] = [
  { title: "  DEVICE", shrinksTo: 10 },
  { title: "BOARD", shrinksTo: 12 },
  { title: "STATE" },
  { title: "CPU", align: "right" },
  { title: "GPU", align: "right" },
  { title: "MEMORY", align: "right" },
  { title: "TEMP", align: "right" },
  { title: "AGE", align: "right" },
];

function deviceLines(view: FleetView, ui: UiState, width: number): Line[] {
  const selected = selectedDevice(ui, view);
  const rows = view.devices.map((device) => [
    `${device === selected ? ">" : " "} ${device.name}`,
    boardTitle(device),
    device.presence,
    formatPercent(device.figures?.cpuPercent),
    formatPercent(device.figures?.gpuPercent),
    formatBytes(device.figures?.memoryUsedBytes),
    hottest(device),
    formatAge(device.statsAgeMs ?? device.reportedAgeMs),
  ]);
  const [title = "", ...lines] = table(DEVICE_COLUMNS, rows, width);
  return [
    line(title, "faint"),
    ...lines.map((text, at) => line(text, deviceTone(view.devices[at], selected))),
  ];
}

function deviceTone(device: DeviceView | undefined, selected: DeviceView | null): Tone {
  if (device && device.presence !== "online") return "bad";
  return device === selected ? "selected" : "plain";
}

function hottest({ figures }: DeviceView): string {
  const values = Object.values(figures?.temperaturesCelsius ?? {});
  return values.length === 0 ? "-" : `${Math.round(Math.max(...values))} °C`;
}

const PIPELINE_COLUMNS: readonly Column[] = [
  { title: "  PIPELINE", shrinksTo: 12 },
  { title: "STATE" },
  { title: "MODEL", shrinksTo: 10 },
  { title: "FPS", align: "right" },
  { title: "P50", align: "right" },
  { title: "P95", align: "right" },
  { title: "DROPPED", align: "right" },
];

function pipelineLines(view: FleetView, width: number): Line[] {
  const pipelines = view.devices.flatMap((device) =>
    device.pipelines.map((pipeline) => ({ device, pipeline })),
  );
  const rows = pipelines.map(({ device, pipeline }) => [
    `  ${device.name}/${pipeline.name}`,
    pipeline.stats?.source.state === "lost" ? "no source" : pipeline.state,
    modelTitle(pipeline),
    formatFps(pipeline.stats?.fps),
    formatMs(pipeline.stats?.latencyMs?.p50),
    formatMs(pipeline.stats?.latencyMs?.p95),
    formatCount(pipeline.stats?.droppedTotal),
  ]);
  const [title = "", ...lines] = table(PIPELINE_COLUMNS, rows, width);
  const tones = pipelines.map(({ pipeline }) =>
    pipeline.state === "running" && pipeline.stats?.source.state !== "lost" ? "plain" : "bad",
  );
  return [line(title, "faint"), ...lines.map((text, at) => line(text, tones[at] ?? "plain"))];
}

export function problemLines(view: Pick<FleetView, "problems">, width: number): Line[] {
  if (view.problems.length === 0) return [];
  const lines = view.problems.flatMap((problem) =>
    problemText(problem, width, NO_PALETTE).map((text) =>
      line(
        text,
        text.startsWith("  next:") ? "plain" : problem.severity === "error" ? "bad" : "warn",
      ),
    ),
  );
  return [rule(width), ...lines];
}

function eventLines(view: FleetView, width: number): Line[] {
  const events = view.devices
    .flatMap((device) => device.events.map((event) => ({ device: device.name, ...event })))
    .sort((a, b) => b.atMs - a.atMs);
  if (events.length === 0) return [];
  return [
    rule(width),
    ...events.map(({ device, atMs, pipeline, message }) => {
      const where = pipeline === undefined ? device : `${device}/${pipeline}`;
      return line(`${clockOf(atMs)}  ${where}: ${message}`, "faint");
    }),
  ];
}

export function clockOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
