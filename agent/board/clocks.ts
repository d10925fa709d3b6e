import { readdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import type { ClockFacts } from "../../fleet/bench/index.ts";
import {
  GPU_NODE_NAMES,
  parseClock,
  parseFanProfile,
  parseNvpmodelQuery,
} from "../../fleet/boards/index.ts";
import type { Clocks } from "../../fleet/spec/index.ts";
import { outputOf, textOf } from "./ask.ts";

/** Roots of the files that are read. */
export interface ClockRoots {
  cpus: string;
  devfreq: string;
}

const ROOTS: ClockRoots = { cpus: "/sys/devices/system/cpu", devfreq: "/sys/class/devfreq" };

/** Power mode, fan and clocks as they are now; null of what this machine does not tell. */
export async function readClocks(roots: ClockRoots = ROOTS): Promise<ClockFacts> {
  const [modes, fan, cpus, gpu] = await Promise.all([
    outputOf("nvpmodel", ["-q"]),
    outputOf("nvfancontrol", ["-q"]),
    readCpus(roots.cpus),
    readGpu(roots.devfreq),
  ]);
  const known = cpus.filter(({ now }) => now !== null).map(({ now }) => now as number);
  const limits = cpus.flatMap(({ limit }) => limit ?? []);
  const governors = [...new Set(cpus.flatMap(({ governor }) => governor ?? []))].sort();
  return {
    powerMode: powerModeIn(modes),
    // Null where there is no fan with profiles, or it cannot be told.
    fanProfile: parseFanProfile(fan ?? modes ?? ""),
    cpuGovernors: governors.length === 0 ? null : governors,
    cpuMhz:
      known.length === 0
        ? null
        : {
            lowest: Math.min(...known),
            highest: Math.max(...known),
            limit: limits.length === 0 ? null : Math.max(...limits),
          },
    gpuMhz: gpu && { now: gpu.now, limit: gpu.limit },
    locked: areLocked(cpus, gpu),
    load: loadavg()[0] ?? null,
  };
}

/** In the words of a program. */
export function clocksOf({ locked }: ClockFacts): Clocks | null {
  return locked === null ? null : locked ? "max" : "dynamic";
}

export async function readPowerMode(): Promise<string | null> {
  return powerModeIn(await outputOf("nvpmodel", ["-q"]));
}

function powerModeIn(query: string | null): string | null {
  return query === null ? null : (parseNvpmodelQuery(query)?.name ?? null);
}

interface Unit {
  governor: string | null;
  now: number | null;
  least: number | null;
  limit: number | null;
}

/** Null where none of them says so. */
function areLocked(cpus: readonly Unit[], gpu: Unit | null): boolean | null {
  const units = gpu === null ? cpus : [...cpus, gpu];
  if (units.length === 0 || units.some(({ least }) => least === null)) return null;
  return units.every(isLocked);
}

/** `jetson_clocks` lifts the lowest clock to the highest. */
function isLocked({ governor, least, limit }: Unit): boolean {
  return governor === "performance" || (least !== null && least === limit);
}

async function readCpus(root: string): Promise<Unit[]> {
  const names = await namesIn(root);
  const cpus = await Promise.all(
    names
      .filter((name) => /^cpu\d+$/.test(name))
      .map(async (name): Promise<Unit> => {
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

async function readGpu(root: string): Promise<(Unit & { now: number }) | null> {
  for (const name of await namesIn(root)) {
    const node = await textOf(join(root, name, "device/of_node/name"));
    const own = (node ?? name).split("\0").join("").trim();
    if (!GPU_NODE_NAMES.some((gpu) => own === gpu || name.endsWith(gpu))) continue;
    const [now, least, limit, governor] = await Promise.all(
      ["cur_freq", "min_freq", "max_freq", "governor"].map((file) =>
        textOf(join(root, name, file)),
      ),
    );
    const mhz = (text: string | null | undefined) =>
      text == null ? null : parseClock(text, "hertz");
    const clock = mhz(now);
    if (clock === null) continue;
    return { now: clock, least: mhz(least), limit: mhz(limit), governor: governor?.trim() ?? null };
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
