import {
  type DeviceView,
  type FleetView,
  type PipelineView,
  updateUnderWay,
} from "../../fleet/view/index.ts";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatFps,
  formatMs,
  formatPercent,
} from "../render/format.ts";
import { overlayRows, type Shown } from "../render/overlay.ts";
import { isWithoutSource } from "../render/sources-text.ts";
import { boardTitle, modelTitle } from "../render/status-text.ts";
import { type Column, table } from "../render/table.ts";
import { clockOf, eventLines, problemLines } from "./common-lines.ts";
import { footerOf } from "./keys.ts";
import { type Line, line, page, rule, type Size, spread, type Tone } from "./lines.ts";
import { isOutOfBudget, marked } from "./plan-lines.ts";
import { selectedDevice, type UiState } from "./ui-state.ts";

export function fleetScreen(view: Shown, ui: UiState, size: Size): Line[] {
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
  const lists = [
    ...deviceLines(view, ui, width),
    rule(width),
    ...pipelineLines(view, width),
    ...overlayNote(view),
  ];
  const events = fleetEvents(view, width);
  return page([...head, ...lists.slice(0, room), ...problems, ...events], footer, size);
}

export function header(view: FleetView, width: number): Line[] {
  const online = view.devices.filter(({ presence }) => presence === "online").length;
  const clock = clockOf(view.generatedAtMs);
  const counts = `${online} of ${view.devices.length} online`;
  const wrong = view.problems.filter(({ severity }) => severity === "error").length;
  const warnings = view.problems.length - wrong;
  const state =
    [
      ...(wrong > 0 ? [`${wrong} wrong`] : []),
      ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? "warning" : "warnings"}`] : []),
    ].join(", ") || "all well";
  const tone = wrong > 0 ? "bad" : warnings > 0 ? "warn" : "strong";
  const text = `jetfleet  ${view.fleet}  ${counts}  ${state}`;
  const first = line(spread(text, `${clock}  ? help`, width), tone);
  const lost = `no link to the hub at ${view.hub.httpUrl}: what is shown is old; trying again`;
  return view.hub.connected ? [first] : [first, line(lost, "bad")];
}

/** From here on there is room for what is nice to know. */
const WIDE = 110;

interface Cell<Row> extends Column {
  wide?: true;
  text(row: Row): string;
}

function tableOf<Row>(cells: readonly Cell<Row>[], rows: readonly Row[], width: number): string[] {
  const shown = cells.filter(({ wide }) => !wide || width >= WIDE);
  const texts = rows.map((row) => shown.map(({ text }) => text(row)));
  return table(shown, texts, width);
}

const DEVICE_CELLS: readonly Cell<DeviceView & { mark: string }>[] = [
  { title: "  DEVICE", shrinksTo: 10, text: ({ mark, name }) => `${mark} ${name}` },
  { title: "BOARD", shrinksTo: 12, text: boardTitle },
  { title: "STATE", text: stateOf },
  { title: "CPU", align: "right", text: ({ figures }) => formatPercent(figures?.cpuPercent) },
  { title: "GPU", align: "right", text: ({ figures }) => formatPercent(figures?.gpuPercent) },
  { title: "MEMORY", align: "right", text: ({ figures }) => formatBytes(figures?.memoryUsedBytes) },
  { title: "TEMP", align: "right", text: hottest },
  { title: "POWER", align: "right", wide: true, text: inputPower },
  { title: "MODE", wide: true, text: ({ board }) => board?.powerMode ?? "-" },
  {
    title: "AGE",
    align: "right",
    text: ({ statsAgeMs, reportedAgeMs }) => formatAge(statsAgeMs ?? reportedAgeMs),
  },
];

function deviceLines(view: FleetView, ui: UiState, width: number): Line[] {
  const selected = selectedDevice(ui, view);
  const rows = view.devices.map((device) => ({
    ...device,
    mark: device === selected ? ">" : " ",
  }));
  const [title = "", ...lines] = tableOf(DEVICE_CELLS, rows, width);
  return [
    line(title, "faint"),
    ...lines.map((text, at) => line(text, deviceTone(view.devices[at], selected))),
  ];
}

/** While an update goes on that is the news; a device that is away can say nothing of it. */
function stateOf(device: DeviceView): string {
  return device.presence === "online"
    ? (updateUnderWay(device) ?? device.presence)
    : device.presence;
}

function deviceTone(device: DeviceView | undefined, selected: DeviceView | null): Tone {
  if (device && device.presence !== "online") return "bad";
  if (device && updateUnderWay(device)) return "warn";
  return device === selected ? "selected" : "plain";
}

function hottest({ figures }: DeviceView): string {
  const values = Object.values(figures?.temperaturesCelsius ?? {});
  return values.length === 0 ? "-" : `${Math.round(Math.max(...values))} °C`;
}

/** What the whole board takes: the rail of its input. */
function inputPower({ figures }: DeviceView): string {
  const rails = Object.entries(figures?.powerMilliwatts ?? {});
  const input = rails.find(([rail]) => /(^|_)(VDD_)?IN$/.test(rail));
  return input ? `${(input[1] / 1000).toFixed(1)} W` : "-";
}

interface PipelineRow extends PipelineView {
  device: string;
}

const PIPELINE_CELLS: readonly Cell<PipelineRow>[] = [
  { title: "  PIPELINE", shrinksTo: 12, text: ({ device, name }) => `  ${device}/${name}` },
  { title: "STATE", text: pipelineCell },
  { title: "MODEL", shrinksTo: 10, text: modelTitle },
  { title: "FPS", align: "right", text: (row) => marked(formatFps(row.stats?.fps), row, "fps") },
  {
    title: "P50",
    align: "right",
    wide: true,
    text: ({ stats }) => formatMs(stats?.latencyMs?.p50),
  },
  {
    title: "P95",
    align: "right",
    text: (row) => marked(formatMs(row.stats?.latencyMs?.p95), row, "latencyP95Ms"),
  },
  { title: "DROPPED", align: "right", text: ({ stats }) => formatCount(stats?.droppedTotal) },
];

function pipelineLines(view: Shown, width: number): Line[] {
  const rows = view.devices.flatMap((device) =>
    device.pipelines.map((pipeline) => ({ ...pipeline, device: device.name })),
  );
  const [title = "", ...lines] = tableOf([...PIPELINE_CELLS, ...overlayCells(view)], rows, width);
  const tones = rows.map(pipelineTone);
  return [line(title, "faint"), ...lines.map((text, at) => line(text, tones[at] ?? "plain"))];
}

function pipelineTone(row: PipelineRow): Tone {
  if (pipelineState(row) !== "running") return "bad";
  return isOutOfBudget(row) || updateUnderWay(row) ? "warn" : "plain";
}

/** What it does, and where its own update is when that is not at rest. */
function pipelineCell(row: PipelineView): string {
  const underWay = updateUnderWay(row);
  return underWay === null ? pipelineState(row) : `${pipelineState(row)}, ${underWay}`;
}

function pipelineState({ state, stats }: PipelineView): string {
  return stats && isWithoutSource(stats) ? "no source" : state;
}

function overlayCells(view: Shown): Cell<PipelineRow>[] {
  return (view.overlay?.cells ?? []).map(({ title, wide }, at) => ({
    title,
    align: "right",
    ...(wide ? { wide } : {}),
    text: ({ device, name }) => overlayRows(view, device, name)?.cells[at] ?? "-",
  }));
}

/** Said only where figures should be and are not. */
function overlayNote({ overlay }: Shown): Line[] {
  return overlay?.absence ? [line(overlay.absence.text, overlay.absence.tone)] : [];
}

function fleetEvents(view: FleetView, width: number): Line[] {
  const ofDevices = view.devices.flatMap((device) =>
    device.events.map(({ atMs, pipeline, message }) => {
      const where = pipeline === undefined ? device.name : `${device.name}/${pipeline}`;
      return { atMs, where, message };
    }),
  );
  const ofHub = view.hubEvents.map(({ atMs, message }) => ({ atMs, where: "hub", message }));
  return eventLines(
    [...ofDevices, ...ofHub].sort((a, b) => b.atMs - a.atMs),
    view,
    width,
  );
}
