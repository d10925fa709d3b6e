import { type PowerMode, powerModesOf } from "../power-modes.ts";
import type { PlayedUnit } from "./identity.ts";
import type { Load } from "./machine.ts";

export interface Sample {
  board: PlayedUnit;
  l4t: string;
  mode: PowerMode;
  load: Load;
  now: Date;
}

/** A line of tegrastats in the format of that board and L4T release, less what only silicon can know. */
export function formatTegrastats(sample: Sample): string {
  return sample.board.name === "tx2" ? tx2Line(sample) : xavierLine(sample);
}

// After a captured line of a TX2 on R32: rails VDD_SYS_*, bare milliwatts.
function tx2Line({ board, mode, load }: Sample): string {
  const percent = meanOf(load.cpuPercents);
  const celsius = (at: number): string => `${celsiusOf(at, percent)}C`;
  const rail = (name: string, idle: number, full: number): string => {
    const milliwatts = between(idle, full, percent);
    return `${name} ${milliwatts}/${milliwatts}`;
  };
  return [
    memory(load),
    cpus(load, board, mode),
    "EMC_FREQ 0%@1600 GR3D_FREQ 0%@114 APE 150",
    `PLL@${celsius(37)} MCPU@${celsius(37)} PMIC@100C Tboard@${celsius(32)} GPU@${celsius(35)} BCPU@${celsius(37)}`,
    `thermal@${celsius(36)} Tdiode@${celsius(34)}`,
    rail("VDD_SYS_GPU", 152, 152),
    rail("VDD_SYS_SOC", 687, 990),
    rail("VDD_4V0_WIFI", 0, 0),
    rail("VDD_IN", 3056, 7453),
    rail("VDD_SYS_CPU", 152, 3353),
    rail("VDD_SYS_DDR", 883, 1318),
  ].join(" ");
}

// Rails and temperatures after captured lines of AGX Xavier on R32, in the form of R35: date in front, `mW`.
function xavierLine({ board, mode, load, now }: Sample): string {
  const percent = meanOf(load.cpuPercents);
  const celsius = (at: number): string => `${celsiusOf(at, percent)}C`;
  const rail = (name: string, idle: number, full: number): string => {
    const milliwatts = between(idle, full, percent);
    return `${name} ${milliwatts}mW/${milliwatts}mW`;
  };
  return [
    date(now),
    memory(load),
    cpus(load, board, mode),
    "EMC_FREQ 0%@1331 GR3D_FREQ 0%@318 APE 150",
    `AO@${celsius(37)} GPU@${celsius(37)} Tdiode@${celsius(40)} PMIC@50C AUX@${celsius(36)} CPU@${celsius(37)}`,
    `thermal@${celsius(36)} Tboard@${celsius(37)}`,
    rail("GPU", 0, 0),
    rail("CPU", 311, 2301),
    rail("SOC", 932, 4602),
    rail("CV", 0, 0),
    rail("VDDRQ", 621, 2914),
    rail("SYS5V", 1482, 4632),
  ].join(" ");
}

function memory(load: Load): string {
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return (
    `RAM ${mib(load.memoryUsedBytes)}/${mib(load.memoryTotalBytes)}MB (lfb 1x4MB) ` +
    `SWAP ${mib(load.swapUsedBytes)}/${mib(load.swapTotalBytes)}MB (cached 0MB)`
  );
}

/** The machine's CPUs spread over the board's; those beyond the machine's or the mode's number are off. */
function cpus(load: Load, board: PlayedUnit, mode: PowerMode): string {
  const entries = Array.from({ length: powerModesOf(board.name).cpus }, (_, index) => {
    if (index >= mode.cpusOnline) return "off";
    const mine = load.cpuPercents.filter((_percent, cpu) => cpu % mode.cpusOnline === index);
    return mine.length === 0 ? "off" : `${Math.round(meanOf(mine))}%@${mode.cpuMaxMhz}`;
  });
  return `CPU [${entries.join(",")}]`;
}

function date(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(now.getMonth() + 1)}-${two(now.getDate())}-${now.getFullYear()}`;
  return `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

/** Captured idle temperature plus a rise with CPU load; sensors step by half a degree. */
function celsiusOf(idle: number, percent: number): number {
  return Math.round((idle + percent / 8) * 2) / 2;
}

function between(idle: number, full: number, percent: number): number {
  return Math.round(idle + ((full - idle) * percent) / 100);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
