import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlayedJetson } from "./images.ts";

/*
 * The kernel's files of the GPU's clock, as ordinary files that the board's tools write: nvpmodel the highest, jetson_clocks
 * the lowest. Those of CPUs are not played, for libraries would take them for the machine's own.
 */

/** Devices of the GPU by the name that their node has in the device-tree, gp10b and gv11b. */
const NODES: Readonly<Record<PlayedJetson, string>> = { tx2: "gp10b", "agx-xavier": "gv11b" };

/** The lowest clock of both GPUs. */
const LOWEST_HZ = 114_750_000;

export interface GpuClocks {
  minHz: number;
  maxHz: number;
}

export function gpuClockFolder(board: PlayedJetson): string {
  return `/sys/class/devfreq/17000000.${NODES[board]}`;
}

/** As they are after a boot, in the mode that the board is in. */
export function writeGpuClockFiles(root: string, board: PlayedJetson, maxHz: number): void {
  const folder = join(root, gpuClockFolder(board));
  mkdirSync(join(folder, "device/of_node"), { recursive: true });
  writeFileSync(join(folder, "device/of_node/name"), `${NODES[board]}\0`);
  writeFileSync(join(folder, "governor"), "nvhost_podgov\n");
  writeGpuClocks(folder, { minHz: LOWEST_HZ, maxHz });
}

export function readGpuClocks(folder: string): GpuClocks {
  const hz = (name: string) => Number(readFileSync(join(folder, name), "utf8"));
  return { minHz: hz("min_freq"), maxHz: hz("max_freq") };
}

/** Like the kernel, which lets the lowest be no more than the highest. An idle GPU is at its lowest. */
export function writeGpuClocks(folder: string, { minHz, maxHz }: GpuClocks): void {
  const lowest = Math.min(minHz, maxHz);
  const files = { min_freq: lowest, max_freq: maxHz, cur_freq: lowest };
  for (const [name, hz] of Object.entries(files)) writeFileSync(join(folder, name), `${hz}\n`);
}
