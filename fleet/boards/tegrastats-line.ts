/** A load with its clock; absent where the line does not say (no root, or a chip that hides it). */
export interface LoadSample {
  percent: number | null;
  /** Clocks in MHz; several where the GPU has several processing clusters. */
  mhz: number[];
}

export interface EngineSample extends LoadSample {
  /** Up to R35 an engine is printed only while it is active; from R36 on always, with `off` or a clock of 0. */
  on: boolean;
}

export interface MemorySample {
  usedBytes: number;
  totalBytes: number;
  /** Blocks of the largest free size, and that size; null where the line has none. */
  largestFreeBlock: { count: number; bytes: number } | null;
}

/** Every token of one line of `tegrastats`, of any release from R28 to R39. */
export interface TegrastatsLine {
  /** `MM-DD-YYYY HH:MM:SS` in the unit's own time zone; from R35 on. */
  date: string | null;
  memory: MemorySample | null;
  swap: { usedBytes: number; totalBytes: number; cachedBytes: number } | null;
  iram: MemorySample | null;
  /** Null for a CPU that is off. */
  cpus: (LoadSample | null)[];
  /** Percent of time in foreground and background tasks of the CPU's code-morphing firmware. */
  mts: { foregroundPercent: number; backgroundPercent: number } | null;
  /** Share of the memory bandwidth at the present clock. */
  emc: LoadSample | null;
  /** An instantaneous sample, not a mean over the interval. */
  gpu: LoadSample | null;
  engines: Record<string, EngineSample>;
  /** Null when the block is powered off, which the tool prints as -256. */
  temperatures: Record<string, number | null>;
  /** Present, average and (R39) a third value per rail, in milliwatts. */
  powerMilliwatts: Record<string, number[]>;
  /** Words that no rule knows, in their order. A newer release says more, and is no error. */
  unknown: string[];
}

type Rule = readonly [RegExp, (match: RegExpExecArray, line: TegrastatsLine) => void];

const UNIT_BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const CLOCK = String.raw`(?:\[([\d,]+)\]|(\d+))`;
const END = String.raw`(?=\s|$)`;

// Tried in this order at each word. `GPU` and `CPU` are a temperature (`GPU@54C`), a rail (`GPU 18401/18525`) and a
// list (`CPU [`), so the shape of what follows decides, never the name.
const RULES: readonly Rule[] = [
  [
    rule(String.raw`(\d\d-\d\d-\d{4} \d\d:\d\d:\d\d)`),
    ([, date = ""], line) => {
      line.date = date;
    },
  ],
  [
    rule(String.raw`RAM (\d+)\/(\d+)([kMG])B ?\(lfb (\d+)x(\d+)([kMG])B\)`),
    ([, used, total, unit, count, size, sizeUnit], line) => {
      line.memory = {
        usedBytes: bytes(used, unit),
        totalBytes: bytes(total, unit),
        largestFreeBlock: { count: Number(count), bytes: bytes(size, sizeUnit) },
      };
    },
  ],
  [
    rule(String.raw`RAM (\d+)\/(\d+)([kMG])B`),
    ([, used, total, unit], line) => {
      const [usedBytes, totalBytes] = [bytes(used, unit), bytes(total, unit)];
      line.memory = { usedBytes, totalBytes, largestFreeBlock: null };
    },
  ],
  [
    rule(String.raw`SWAP (\d+)\/(\d+)([kMG])B ?\(cached (\d+)([kMG])B\)`),
    ([, used, total, unit, cached, cachedUnit], line) => {
      line.swap = {
        usedBytes: bytes(used, unit),
        totalBytes: bytes(total, unit),
        cachedBytes: bytes(cached, cachedUnit),
      };
    },
  ],
  [
    rule(String.raw`IRAM (\d+)\/(\d+)([kMG])B ?\(lfb (\d+)([kMG])B\)`),
    ([, used, total, unit, size, sizeUnit], line) => {
      line.iram = {
        usedBytes: bytes(used, unit),
        totalBytes: bytes(total, unit),
        largestFreeBlock: { count: 1, bytes: bytes(size, sizeUnit) },
      };
    },
  ],
  [
    rule(String.raw`(?:CPU|cpu) \[([^\]]*)\](?:@(\d+))?`),
    ([, list = "", shared], line) => {
      line.cpus = list.split(",").map((cpu) => cpuSample(cpu.trim(), shared));
    },
  ],
  [
    rule(String.raw`MTS fg (\d+)% bg (\d+)%`),
    ([, foreground, background], line) => {
      line.mts = { foregroundPercent: Number(foreground), backgroundPercent: Number(background) };
    },
  ],
  [
    rule(String.raw`([A-Za-z]\w*)@(-?[\d.]+)C(?:\/-?[\d.]+C)*${END}`),
    ([, name = "", celsius], line) => {
      line.temperatures[name] = celsius === "-256" ? null : Number(celsius);
    },
  ],
  [
    rule(String.raw`([A-Za-z]\w*) ((?:-?\d+(?:mW)?\/)+-?\d+(?:mW)?)${END}`),
    ([, rail = "", values = ""], line) => {
      if (rail !== "NC") line.powerMilliwatts[rail] = values.split("/").map((one) => parseInt(one));
    },
  ],
  [
    rule(String.raw`([A-Za-z]\w*) (?:(\d+)%)?@${CLOCK}${END}`),
    ([, name = "", percent, list, one], line) => put(line, name, percent, list ?? one),
  ],
  [
    rule(String.raw`([A-Za-z]\w*) (\d+)%${END}`),
    ([, name = "", percent], line) => put(line, name, percent, undefined),
  ],
  [
    rule(String.raw`([A-Za-z]\w*) (\d+)${END}`),
    ([, name = "", clock], line) => put(line, name, undefined, clock),
  ],
  [
    rule(String.raw`([A-Za-z]\w*) off${END}`),
    ([, name = ""], line) => {
      line.engines[engineName(name)] = { on: false, percent: null, mhz: [] };
    },
  ],
];

function rule(source: string): RegExp {
  return new RegExp(source, "y");
}

/** Takes a line apart word by word. A line that is no tegrastats line has neither memory nor CPUs. */
export function parseTegrastatsLine(text: string): TegrastatsLine {
  const line: TegrastatsLine = {
    date: null,
    memory: null,
    swap: null,
    iram: null,
    cpus: [],
    mts: null,
    emc: null,
    gpu: null,
    engines: {},
    temperatures: {},
    powerMilliwatts: {},
    unknown: [],
  };
  const words = text.replace(/\s+/g, " ").trim();
  for (let at = 0; at < words.length; ) at = readWord(words, at, line);
  return line;
}

/** Reads what stands at `at` and returns where the next word begins. */
function readWord(words: string, at: number, line: TegrastatsLine): number {
  for (const [pattern, keep] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(words);
    if (!match) continue;
    keep(match, line);
    return skipSpace(words, pattern.lastIndex);
  }
  const end = words.indexOf(" ", at);
  const stop = end === -1 ? words.length : end;
  line.unknown.push(words.slice(at, stop));
  return skipSpace(words, stop);
}

function skipSpace(words: string, at: number): number {
  return words[at] === " " ? at + 1 : at;
}

function put(
  line: TegrastatsLine,
  name: string,
  percent: string | undefined,
  clocks: string | undefined,
): void {
  const load: LoadSample = {
    percent: percent === undefined ? null : Number(percent),
    mhz: clocks === undefined ? [] : clocks.split(",").map(Number),
  };
  const engine = engineName(name);
  if (engine === "EMC") line.emc = load;
  else if (engine === "GR3D") line.gpu = load;
  else
    line.engines[engine] = {
      ...load,
      on: load.percent !== null || load.mhz.some((mhz) => mhz > 0),
    };
}

/** `VIC_FREQ` and `VIC` are one engine; so are the encoder's names `MSENC` (t210, t186) and `NVENC`. */
function engineName(name: string): string {
  return name.replace(/_FREQ$/, "").replace(/^MSENC$/, "NVENC");
}

function cpuSample(text: string, shared: string | undefined): LoadSample | null {
  const match = /^(\d+)%(?:@(\d+))?$/.exec(text);
  if (!match) return null;
  const mhz = match[2] ?? shared;
  return { percent: Number(match[1]), mhz: mhz === undefined ? [] : [Number(mhz)] };
}

function bytes(count: string | undefined, unit: string | undefined): number {
  return Number(count) * (UNIT_BYTES[unit ?? ""] ?? 1);
}
