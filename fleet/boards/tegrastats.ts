/** One line of `tegrastats`, in the words of the tool. Absent where the line does not say. */
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

const MEMORY = /\bRAM (\d+)\/(\d+)(k|M|G)B/;
const UNIT_BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
// `GPU` is both a temperature (`GPU@54.5C`) and a rail (`GPU 18401/18525`) on AGX Xavier; rails are known by the slash.
const TEMPERATURE = /\b([A-Za-z][A-Za-z0-9_]*)@(-?[\d.]+)C\b/g;
// Bare milliwatts up to R32 (`VDD_IN 3056/3056`), `5299mW/5299mW` from R34; RAM, SWAP and IRAM also have a slash.
const POWER = /\b([A-Za-z][A-Za-z0-9_]*) (\d+)(?:mW)?\/\d+(?:mW)?(?=\s|\/|$)/g;

/** Reads a line of tegrastats of L4T R28 to R35, with or without root. Null when it is no such line. */
export function parseTegrastats(line: string): TegraStats | null {
  const memory = MEMORY.exec(line);
  const unit = UNIT_BYTES[memory?.[3] ?? ""];
  if (!memory || unit === undefined) return null;
  const cpuPercents = parseCpus(line);
  return {
    memoryUsedBytes: Number(memory[1]) * unit,
    memoryTotalBytes: Number(memory[2]) * unit,
    cpuPercents,
    cpuPercent: mean(cpuPercents.filter((percent): percent is number => percent !== null)),
    gpuPercent: percentOf(line, /\bGR3D(?:_FREQ)? (\d+)%/),
    emcPercent: percentOf(line, /\bEMC(?:_FREQ)? (\d+)%/),
    temperaturesCelsius: parseTemperatures(line),
    powerMilliwatts: parsePower(line),
  };
}

function parseCpus(line: string): (number | null)[] {
  const list = /\bCPU \[([^\]]*)\]/i.exec(line)?.[1];
  if (list === undefined) return [];
  return list.split(",").map((cpu) => {
    const percent = /^\s*(\d+)%/.exec(cpu)?.[1];
    return percent === undefined ? null : Number(percent);
  });
}

function parseTemperatures(line: string): Record<string, number> {
  const temperatures: Record<string, number> = {};
  for (const [, name, celsius] of line.matchAll(TEMPERATURE)) {
    // PMIC shows a constant; -256 means the block is powered off.
    if (name === undefined || name === "PMIC" || celsius === "-256") continue;
    temperatures[name] = Number(celsius);
  }
  return temperatures;
}

function parsePower(line: string): Record<string, number> {
  const power: Record<string, number> = {};
  for (const [, rail, milliwatts] of line.matchAll(POWER)) {
    if (rail !== undefined && rail !== "NC") power[rail] = Number(milliwatts);
  }
  return power;
}

function percentOf(line: string, pattern: RegExp): number | null {
  const percent = pattern.exec(line)?.[1];
  return percent === undefined ? null : Number(percent);
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
