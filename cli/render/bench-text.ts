import type { BenchLayer, BenchReport } from "../../fleet/bench/index.ts";
import { type Column, table } from "./table.ts";

const UNKNOWN = "unknown";

const COLUMNS: readonly Column[] = [
  { title: "layer", shrinksTo: 20 },
  { title: "type", shrinksTo: 8 },
  { title: "place" },
  { title: "ms", align: "right" },
  { title: "share", align: "right" },
];

/** A measurement for a person; layers where they were asked. */
export function benchLines(report: BenchReport, width: number, name: string): string[] {
  const { latencyMs, throughput, backend, clocks } = report;
  const threads = report.threads === null ? "" : `, ${count(report.threads, "thread")}`;
  const place = `${report.accelerator}, ${report.precision ?? "the model's own precision"}, batch ${report.batch}${threads}`;
  return [
    `${name} on ${report.board === null ? "" : `${report.board}, `}${place} (${backend.name} ${backend.version})`,
    "",
    `latency     median ${ms(latencyMs.median)}, mean ${ms(latencyMs.mean)}, min ${ms(latencyMs.min)}, max ${ms(latencyMs.max)}`,
    `            p90 ${ms(latencyMs.p90)}, p95 ${ms(latencyMs.p95)}, p99 ${ms(latencyMs.p99)} of ${count(report.latencyRuns, "run")}`,
    `throughput  ${throughput.runsPerSecond.toFixed(1)} runs a second, ${throughput.picturesPerSecond.toFixed(1)} pictures a second, ${report.inFlight} in flight, ${count(report.throughputRuns, "run")}`,
    `power mode  ${clocks.powerMode ?? UNKNOWN}`,
    `CPU clocks  ${cpuText(clocks)}`,
    `GPU clock   ${clocks.gpuMhz === null ? UNKNOWN : `${mhz(clocks.gpuMhz.now)}${limitText(clocks.gpuMhz.limit)}`}`,
    `fan         ${clocks.fanProfile ?? UNKNOWN}`,
    `load        ${clocks.load === null ? UNKNOWN : clocks.load.toFixed(1)}`,
    ...layerLines(report, width),
  ];
}

function layerLines({ layers, noLayers }: BenchReport, width: number): string[] {
  if (noLayers !== null) return ["", `layers: ${noLayers}`];
  if (layers === null) return [];
  return ["", ...table(COLUMNS, layers.map(layerRow), width)];
}

function layerRow({ name, type, place, ms: took, share }: BenchLayer): string[] {
  return [
    name,
    type ?? UNKNOWN,
    place ?? UNKNOWN,
    took === null ? UNKNOWN : took.toFixed(3),
    share === null ? UNKNOWN : `${(100 * share).toFixed(1)} %`,
  ];
}

function cpuText({ cpuMhz, cpuGovernors, locked }: BenchReport["clocks"]): string {
  const clocks =
    cpuMhz === null
      ? UNKNOWN
      : `${mhz(cpuMhz.lowest)} to ${mhz(cpuMhz.highest)}${limitText(cpuMhz.limit)}`;
  const governor =
    cpuGovernors === null ? "governor unknown" : `governor ${cpuGovernors.join(", ")}`;
  const held = locked === null ? "whether locked unknown" : locked ? "locked" : "not locked";
  return `${clocks}, ${governor}, ${held}`;
}

function limitText(limit: number | null): string {
  return limit === null ? "" : ` of ${mhz(limit)}`;
}

function mhz(value: number): string {
  return `${value.toFixed(0)} MHz`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 1)} ms`;
}

function count(number: number, of: string): string {
  return `${number} ${of}${number === 1 ? "" : "s"}`;
}
