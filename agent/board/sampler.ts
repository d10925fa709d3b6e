import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import type { BoardStats, Cards } from "../../fleet/contract/index.ts";
import type { Conditions } from "../engine/obstacle.ts";
import { freeBytes } from "../update/free-space.ts";
import type { CardReader } from "./card-reader.ts";
import { readSysfs, type SysfsFigures } from "./sysfs.ts";
import { TegrastatsReader } from "./tegrastats.ts";

const DISK_INTERVAL_MS = 10_000;

export interface SamplerOptions {
  readFigures?: () => Promise<SysfsFigures>;
  /** Of a PC: what reads its cards. */
  cards?: Pick<CardReader, "start" | "stop" | "latest"> | undefined;
}

/**
 * The figures of the board: from tegrastats where there is one whose lines can be read, else from the kernel's files, with
 * those of a PC's cards; null where unknown.
 */
export class BoardSampler {
  readonly #folder: string;
  readonly #readSysfs: () => Promise<SysfsFigures>;
  readonly #tegrastats = new TegrastatsReader();
  readonly #cards: SamplerOptions["cards"];
  #cpuBefore = cpuTimes();
  #disk: { freeBytes: number | null; atMs: number } | null = null;

  constructor(folder: string, { readFigures = () => readSysfs(), cards }: SamplerOptions = {}) {
    this.#folder = folder;
    this.#readSysfs = readFigures;
    this.#cards = cards;
  }

  start(): void {
    this.#tegrastats.start();
    this.#cards?.start();
  }

  stop(): void {
    this.#tegrastats.stop();
    this.#cards?.stop();
  }

  async sample(): Promise<BoardStats> {
    const tegra = this.#tegrastats.latest();
    const cpuPercent = this.#cpuPercent();
    const cards = this.#cards?.latest();
    const [memory, diskFreeBytes, figures] = await Promise.all([
      readMemory(),
      this.#diskFree(),
      this.#figures(cards),
    ]);
    return {
      cpuPercent: tegra?.cpuPercent ?? cpuPercent,
      gpuPercent: figures.gpuPercent,
      memoryUsedBytes: tegra?.memoryUsedBytes ?? memory?.usedBytes ?? null,
      memoryTotalBytes: tegra?.memoryTotalBytes ?? memory?.totalBytes ?? null,
      diskFreeBytes,
      temperaturesCelsius: figures.temperaturesCelsius,
      powerMilliwatts: figures.powerMilliwatts,
      ...(cards && { cards }),
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

  async #figures(cards = this.#cards?.latest()): Promise<SysfsFigures> {
    const own = this.#tegrastats.latest() ?? (await this.#readSysfs());
    return cards ? withCards(own, cards) : own;
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

/** The load is that of the first card, which is the one that models run on. */
function withCards(own: SysfsFigures, { cards }: Cards): SysfsFigures {
  const named = cards.map((card) => ({
    ...card,
    title: cards.length === 1 ? "GPU" : `GPU${card.index}`,
  }));
  const figures = (key: "temperatureCelsius" | "powerMilliwatts") =>
    Object.fromEntries(
      named.flatMap((card) => (card[key] === null ? [] : [[card.title, card[key]]])),
    );
  return {
    gpuPercent: cards[0]?.gpuPercent ?? null,
    temperaturesCelsius: { ...own.temperaturesCelsius, ...figures("temperatureCelsius") },
    powerMilliwatts: { ...own.powerMilliwatts, ...figures("powerMilliwatts") },
  };
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
