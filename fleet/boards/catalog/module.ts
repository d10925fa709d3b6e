import type { PowerModes } from "./power-mode.ts";
import type { SocId } from "./soc.ts";
import type { Sourced } from "./sourced.ts";

/** One module (or PC class) a fleet can hold, with every figure sourced. Texts are what a datasheet row says. */
export interface Module {
  id: string;
  title: string;
  soc: SocId;
  partNumbers: readonly string[];
  cudaCores: Sourced<number>;
  tensorCores: Sourced<number>;
  gpuMaxMhz: Sourced<number>;
  dlaCores: Sourced<number>;
  dlaMaxMhz: Sourced<number>;
  /** Dense INT8 rate of one DLA core at `dlaMaxMhz`. */
  dlaTops: Sourced<number>;
  memoryGb: Sourced<number>;
  bandwidthGBps: Sourced<number>;
  /** Clock of the memory controller at which it has that bandwidth. */
  emcMaxMhz: Sourced<number>;
  /** Pixels per second of all decoders, in millions; NVIDIA states them for HEVC. */
  decodeMpixPerSecond: Sourced<number>;
  encodeMpixPerSecond: Sourced<number>;
  powerModes: PowerModes;
  /** Newest JetPack line, such as `4.6`; null for a PC. */
  lastJetpack: Sourced<string | null>;
  firstJetpack: Sourced<string | null>;
  rows: Readonly<Record<ModuleRow, Sourced<string>>>;
}

/** The rows of the notes, in their order. */
export const MODULE_ROWS = {
  gpu: "GPU",
  dlAccelerator: "DL accelerator",
  visionAccelerator: "Vision accelerator",
  cpu: "CPU",
  memory: "Memory",
  storage: "Storage",
  encode: "Video encode",
  decode: "Video decode",
  camera: "Camera",
  pcie: "PCI Express",
  mechanical: "Mechanical",
  power: "Power",
  deepstreamThen: "DeepStream then",
  jetpack42: "JetPack 4.2",
} as const;
export type ModuleRow = keyof typeof MODULE_ROWS;
