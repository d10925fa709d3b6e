import { parseTegrastatsLine } from "./tegrastats-line.ts";

/** What the agent reports of one line of `tegrastats`. Absent where the line does not say. */
export interface TegraStats {
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  /** Load of each CPU in percent; null for a CPU that is off. */
  cpuPercents: (number | null)[];
  /** Mean over the CPUs that are on; null when none is. */
  cpuPercent: number | null;
  /** An instantaneous sample, not a mean over the interval. */
  gpuPercent: number | null;
  emcPercent: number | null;
  temperaturesCelsius: Record<string, number>;
  /** Present power per rail in milliwatts. Rail names differ between boards and releases. */
  powerMilliwatts: Record<string, number>;
}

/** Reads a line of tegrastats, with or without root. Null when it is no such line. */
export function parseTegrastats(text: string): TegraStats | null {
  const line = parseTegrastatsLine(text);
  if (line.memory === null) return null;
  const cpuPercents = line.cpus.map((cpu) => cpu?.percent ?? null);
  return {
    memoryUsedBytes: line.memory.usedBytes,
    memoryTotalBytes: line.memory.totalBytes,
    cpuPercents,
    cpuPercent: mean(cpuPercents.filter((percent): percent is number => percent !== null)),
    gpuPercent: line.gpu?.percent ?? null,
    emcPercent: line.emc?.percent ?? null,
    temperaturesCelsius: shownTemperatures(line.temperatures),
    powerMilliwatts: firstOfEach(line.powerMilliwatts),
  };
}

/** PMIC shows a constant 100 or 50, and a block that is off has no temperature. */
function shownTemperatures(all: Record<string, number | null>): Record<string, number> {
  const shown: Record<string, number> = {};
  for (const [name, celsius] of Object.entries(all)) {
    if (name !== "PMIC" && celsius !== null) shown[name] = celsius;
  }
  return shown;
}

function firstOfEach(rails: Record<string, number[]>): Record<string, number> {
  const now: Record<string, number> = {};
  for (const [rail, [milliwatts]] of Object.entries(rails)) {
    if (milliwatts !== undefined) now[rail] = milliwatts;
  }
  return now;
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
