import { readFileSync } from "node:fs";

/** Load of the machine below the board. */
export interface Load {
  /** Percent per CPU since the last sample. */
  cpuPercents: number[];
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  swapUsedBytes: number;
  swapTotalBytes: number;
}

/** Reads the machine's load; CPU figures are means since the sample before. */
export class Machine {
  #last = readCpuTicks();

  sample(): Load {
    const now = readCpuTicks();
    const cpuPercents = now.map((ticks, index) => {
      const last = this.#last[index] ?? { busy: 0, total: 0 };
      const total = ticks.total - last.total;
      return total <= 0 ? 0 : Math.round((100 * (ticks.busy - last.busy)) / total);
    });
    this.#last = now;
    return { cpuPercents, ...readMemory() };
  }
}

function readCpuTicks(): { busy: number; total: number }[] {
  const rows = readFileSync("/proc/stat", "utf8")
    .split("\n")
    .filter((line) => /^cpu\d/.test(line));
  return rows.map((row) => {
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = row
      .split(/\s+/)
      .slice(1)
      .map(Number);
    const busy = user + nice + system + irq + soft + steal;
    return { busy, total: busy + idle + wait };
  });
}

function readMemory(): Omit<Load, "cpuPercents"> {
  const text = readFileSync("/proc/meminfo", "utf8");
  const bytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return {
    memoryUsedBytes: bytes("MemTotal") - bytes("MemAvailable"),
    memoryTotalBytes: bytes("MemTotal"),
    swapUsedBytes: bytes("SwapTotal") - bytes("SwapFree"),
    swapTotalBytes: bytes("SwapTotal"),
  };
}
