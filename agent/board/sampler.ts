import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import type { BoardStats } from "../../fleet/contract/index.ts";
import type { Conditions } from "../engine/obstacle.ts";
import { freeBytes } from "../update/free-space.ts";
import { readSysfs, type SysfsFigures } from "./sysfs.ts";
import { TegrastatsReader } from "./tegrastats.ts";

const DISK_INTERVAL_MS = 10_000;

/**
 * The figures of the board: from tegrastats where there is one whose lines can be read, else from the kernel's files; null
 * where unknown.
 */
export class BoardSampler {
  readonly #folder: string;
  readonly #readSysfs: () => Promise<SysfsFigures>;
  readonly #tegrastats = new TegrastatsReader();
  #cpuBefore = cpuTimes();
  #disk: { freeBytes: number | null; atMs: number } | null = null;

  constructor(folder: string, readFigures = readSysfs) {
    this.#folder = folder;
    this.#readSysfs = () => readFigures();
  }

  start(): void {
    this.#tegrastats.start();
  }

  stop(): void {
    this.#tegrastats.stop();
  }

  async sample(): Promise<BoardStats> {
    const tegra = this.#tegrastats.latest();
    const cpuPercent = this.#cpuPercent();
    const [memory, diskFreeBytes, figures] = await Promise.all([
      readMemory(),
      this.#diskFree(),
      this.#figures(),
    ]);
    return {
      cpuPercent: tegra?.cpuPercent ?? cpuPercent,
      gpuPercent: figures.gpuPercent,
      memoryUsedBytes: tegra?.memoryUsedBytes ?? memory?.usedBytes ?? null,
      memoryTotalBytes: tegra?.memoryTotalBytes ?? memory?.totalBytes ?? null,
      diskFreeBytes,
      temperaturesCelsius: figures.temperaturesCelsius,
      powerMilliwatts: figures.powerMilliwatts,
    };
  }

  /** What a build depends on, at this moment. */
  async conditions(): Promise<Conditions> {
    const [memory, freeDiskBytes, { temperaturesCelsius }] = await Promise.all([
      readMemory(),
      freeBytes(this.#folder),
      this.#figures(),
    ]);
    const degrees = Object.values(temperaturesCelsius);
    return {
      freeDiskBytes,
      freeMemoryBytes: memory && memory.totalBytes - memory.usedBytes,
      hottestCelsius: degrees.length > 0 ? Math.max(...degrees) : null,
    };
  }

  async #figures(): Promise<SysfsFigures> {
    return this.#tegrastats.latest() ?? (await this.#readSysfs());
  }

  #cpuPercent(): number | null {
    const before = this.#cpuBefore;
    const now = cpuTimes();
    this.#cpuBefore = now;
    return cpuPercentBetween(before, now);
  }

  async #diskFree(): Promise<number | null> {
    const nowMs = performance.now();
    if (this.#disk === null || nowMs - this.#disk.atMs >= DISK_INTERVAL_MS) {
      this.#disk = { freeBytes: await freeBytes(this.#folder), atMs: nowMs };
    }
    return this.#disk.freeBytes;
  }
}

export interface CpuTimes {
  busy: number;
  total: number;
}

/** Busy share over all CPUs between two readings of the kernel's counters. */
export function cpuPercentBetween(before: CpuTimes, now: CpuTimes): number | null {
  const total = now.total - before.total;
  if (total <= 0) return null;
  const percent = (100 * (now.busy - before.busy)) / total;
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}

/** Used as `free` counts it: total less available. */
export function parseMeminfo(text: string): { usedBytes: number; totalBytes: number } | null {
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  const total = kib("MemTotal");
  const available = kib("MemAvailable");
  if (!Number.isFinite(total) || !Number.isFinite(available)) return null;
  return { usedBytes: (total - available) * 1024, totalBytes: total * 1024 };
}

async function readMemory() {
  try {
    return parseMeminfo(await readFile("/proc/meminfo", "utf8"));
  } catch {
    return null;
  }
}

function cpuTimes(): CpuTimes {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const work = times.user + times.nice + times.sys + times.irq;
    busy += work;
    total += work + times.idle;
  }
  return { busy, total };
}
