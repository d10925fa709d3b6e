import { from, type Sourced, UNKNOWN } from "./sourced.ts";

export type SocId = "t210" | "t186" | "t194" | "t234" | "t264" | "turing-card" | "ada-card";
export type GpuArch = "maxwell" | "pascal" | "volta" | "turing" | "ampere" | "ada" | "blackwell";

/** What all modules of one chip share. */
export interface Soc {
  id: SocId;
  title: string;
  /** `/sys/module/tegra_fuse/parameters/tegra_chip_id`; null for a PC. */
  chipId: string | null;
  arch: GpuArch;
  gpuName: string;
  /** CUDA compute capability, such as `6.2`. */
  computeCapability: string;
  cudaCoresPerSm: number;
  /** Whether the GPU computes the precision faster than float32; asked of the device by `platformHasFast…`. */
  fastFp16: Sourced<boolean>;
  fastInt8: Sourced<boolean>;
  /** Generation of NVDLA; null when the chip has none. */
  dlaGeneration: Sourced<1 | 2 | null>;
  pva: Sourced<string>;
  vic: Sourced<string>;
}

export const SOCS: Readonly<Record<SocId, Soc>> = {
  t210: {
    id: "t210",
    title: "Tegra X1 (t210)",
    chipId: "33",
    arch: "maxwell",
    gpuName: "GM20B",
    computeCapability: "5.3",
    cudaCoresPerSm: 128,
    fastFp16: from("bench", true),
    fastInt8: from("bench", false),
    dlaGeneration: from("dla", null),
    pva: from("jtop", "none"),
    vic: from("jtop", "1 × VIC (vic03)"),
  },
  t186: {
    id: "t186",
    title: "Tegra X2 (t186)",
    chipId: "24",
    arch: "pascal",
    gpuName: "GP10B",
    computeCapability: "6.2",
    cudaCoresPerSm: 128,
    fastFp16: from("bench", true),
    // A test `compute capability >= 6.1` would say yes: dp4a is in sm_61 and not in sm_62.
    fastInt8: from("bench", false),
    dlaGeneration: from("dla", null),
    pva: from("jtop", "none"),
    vic: from("jtop", "1 × VIC"),
  },
  t194: {
    id: "t194",
    title: "Xavier (t194)",
    chipId: "25",
    arch: "volta",
    gpuName: "GV11B",
    computeCapability: "7.2",
    cudaCoresPerSm: 64,
    fastFp16: from("bench", true),
    fastInt8: from("bench", true),
    dlaGeneration: from("dla", 1),
    pva: from("table", "2 × PVA v1 (7-way VLIW)"),
    vic: from("jtop", "1 × VIC"),
  },
  t234: {
    id: "t234",
    title: "Orin (t234)",
    chipId: "35",
    arch: "ampere",
    gpuName: "GA10B",
    computeCapability: "8.7",
    cudaCoresPerSm: 128,
    fastFp16: from("dla", true),
    fastInt8: from("dla", true),
    dlaGeneration: from("dla", 2),
    pva: from("table", "1 × PVA v2"),
    vic: from("jtop", "1 × VIC"),
  },
  t264: {
    id: "t264",
    title: "Thor (t264)",
    chipId: "38",
    arch: "blackwell",
    gpuName: "GB10B",
    computeCapability: "11.0",
    cudaCoresPerSm: 128,
    fastFp16: from("general", true),
    fastInt8: from("general", true),
    dlaGeneration: UNKNOWN,
    pva: UNKNOWN,
    vic: from("jtop", "1 × VIC"),
  },
  "turing-card": {
    id: "turing-card",
    title: "x86-64 with a Turing card",
    chipId: null,
    arch: "turing",
    gpuName: "TU104",
    computeCapability: "7.5",
    cudaCoresPerSm: 64,
    fastFp16: from("general", true),
    fastInt8: from("general", true),
    dlaGeneration: from("general", null),
    pva: from("general", "none"),
    vic: from("general", "none"),
  },
  "ada-card": {
    id: "ada-card",
    title: "x86-64 with an Ada card",
    chipId: null,
    arch: "ada",
    gpuName: "AD104",
    computeCapability: "8.9",
    cudaCoresPerSm: 128,
    fastFp16: from("general", true),
    fastInt8: from("general", true),
    dlaGeneration: from("general", null),
    pva: from("general", "none"),
    vic: from("general", "none"),
  },
};
