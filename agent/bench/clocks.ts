import { readdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import type { ClockFacts } from "../../fleet/bench/index.ts";
import { GPU_NODE_NAMES, parseClock } from "../../fleet/boards/index.ts";
import { readPowerMode, textOf } from "../board/facts.ts";

/** Roots of the files that are read. */
export interface ClockRoots {
  cpus: string;
  devfreq: string;
}

const ROOTS: ClockRoots = { cpus: "/sys/devices/system/cpu", devfreq: "/sys/class/devfreq" };

/** Power mode and clocks as they are now; null of what this machine does not tell. */
export async function readClocks(roots: ClockRoots = ROOTS): Promise<ClockFacts> {
  const [powerMode, cpus, gpuMhz] = await Promise.all([
    readPowerMode(),
    readCpus(roots.cpus),
    readGpu(roots.devfreq),
  ]);
  const known = cpus.filter(({ now }) => now !== null).map(({ now }) => now as number);
  const limits = cpus.flatMap(({ limit }) => limit ?? []);
  const governors = [...new Set(cpus.flatMap(({ governor }) => governor ?? []))].sort();
  return {
    powerMode,
    cpuGovernors: governors.length === 0 ? null : governors,
    cpuMhz:
      known.length === 0
        ? null
        : {
            lowest: Math.min(...known),
            highest: Math.max(...known),
            limit: limits.length === 0 ? null : Math.max(...limits),
          },
    gpuMhz,
    locked:
      cpus.length > 0 && cpus.every(({ least }) => least !== null) ? cpus.every(isLocked) : null,
    load: loadavg()[0] ?? null,
  };
}

interface Cpu {
  governor: string | null;
  now: number | null;
  least: number | null;
  limit: number | null;
}

/** `jetson_clocks` lifts the lowest clock to the highest. */
function isLocked({ governor, least, limit }: Cpu): boolean {
  return governor === "performance" || (least !== null && least === limit);
}

async function readCpus(root: string): Promise<Cpu[]> {
  const names = await namesIn(root);
  const cpus = await Promise.all(
    names
      .filter((name) => /^cpu\d+$/.test(name))
      .map(async (name): Promise<Cpu> => {
        const file = (one: string) => textOf(join(root, name, "cpufreq", one));
        const [governor, now, least, limit] = await Promise.all(
          ["scaling_governor", "scaling_cur_freq", "scaling_min_freq", "scaling_max_freq"].map(
            file,
          ),
        );
        const mhz = (text: string | null | undefined) =>
          text == null ? null : parseClock(text, "kilohertz");
        return {
          governor: governor?.trim() ?? null,
          now: mhz(now),
          least: mhz(least),
          limit: mhz(limit),
        };
      }),
  );
  return cpus.filter(({ governor, now }) => governor !== null || now !== null);
}

async function readGpu(root: string): Promise<ClockFacts["gpuMhz"]> {
  for (const name of await namesIn(root)) {
    const node = await textOf(join(root, name, "device/of_node/name"));
    const own = (node ?? name).split("\0").join("").trim();
    if (!GPU_NODE_NAMES.some((gpu) => own === gpu || name.endsWith(gpu))) continue;
    const [now, limit] = await Promise.all(
      ["cur_freq", "max_freq"].map((file) => textOf(join(root, name, file))),
    );
    const mhz = (text: string | null | undefined) =>
      text == null ? null : parseClock(text, "hertz");
    const clock = mhz(now);
    if (clock !== null) return { now: clock, limit: mhz(limit) };
  }
  return null;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
