import {
  best,
  type GpuArch,
  gpuShare,
  type Module,
  type PowerModeFacts,
  SOCS,
} from "../../boards/catalog/index.ts";

export type Precision = "fp32" | "fp16" | "int8";
export type Builder = "tensorrt" | "tensorrt-rtx";

/** What a roofline needs of a board in one power mode. Rates are dense peaks per second. */
export interface Hardware {
  arch: GpuArch;
  /** PCs have a builder of their own, which fuses otherwise. */
  builder: Builder;
  gpuFlops: Readonly<Record<Precision, number>>;
  /** Rate of the plain cores, for work that tensor cores cannot do. */
  coreFlops: number;
  tensorCores: boolean;
  multiprocessors: number;
  bytesPerSecond: number;
  dla: {
    generation: 1 | 2;
    cores: number;
    flops: Readonly<Record<"fp16" | "int8", number>>;
  } | null;
  /** Clocks that were reckoned with, in MHz. */
  gpuMhz: number;
  dlaMhz: number | null;
}

const FMA = 2;
// Multiply-adds of one tensor core per clock in FP16; Ampere and later have fewer and wider ones.
const TENSOR_FMA: Partial<Record<GpuArch, number>> = {
  volta: 64,
  turing: 64,
  ampere: 128,
  ada: 128,
};
/**
 * FP16 as a share of the INT8 rate of a DLA. Xavier: 2.5 TFLOPS of 5 TOPS, by NVIDIA's announcement. Orin's is built
 * for INT8: a public comparison of ResNet-50 on one DLA has 1.28 ms in INT8 and 17.73 in FP16, 0.46 TFLOPS of work,
 * which is this share of 26 TOPS where INT8 figures reach `dlaShare2` of them. YOLOX-nano on Orin NX agrees: 103 a
 * second on its DLA in FP16 against 465 on its GPU (public record of
 * trtexec runs of 2026-07-16, JetPack 6.2.1, 40 W).
 */
const DLA_FP16_SHARE = { 1: 0.5, 2: 0.03 } as const;
const FULL_RATE_FP16_CORES: readonly GpuArch[] = ["maxwell", "pascal"];

/** The hardware of a module in a power mode; null when the catalogue does not know enough of it. */
export function hardwareOf(module: Module, mode: PowerModeFacts | null): Hardware | null {
  const [all, mhz, bandwidth] = [
    best(module.cudaCores),
    best(module.gpuMaxMhz),
    best(module.bandwidthGBps),
  ];
  if (all === null || mhz === null || bandwidth === null) return null;
  const share = gpuShare(module, mode);
  const cores = all * share;
  const { arch, chipId, cudaCoresPerSm } = SOCS[module.soc];
  const gpuMhz = mode?.gpuMaxMhz ?? mhz;
  const coreFlops = cores * FMA * gpuMhz * 1e6;
  const tensor = (best(module.tensorCores) ?? 0) * share;
  const tensorFlops = tensor * (TENSOR_FMA[arch] ?? 0) * FMA * gpuMhz * 1e6;
  const fastFp16 = FULL_RATE_FP16_CORES.includes(arch) ? 2 : 1;
  return {
    arch,
    builder: chipId === null ? "tensorrt-rtx" : "tensorrt",
    gpuFlops: {
      fp32: coreFlops,
      fp16: Math.max(tensorFlops, coreFlops * fastFp16),
      // Without fast INT8 the builder would convert and compute in FP32: no gain over it.
      int8: tensorFlops > 0 ? 2 * tensorFlops : coreFlops,
    },
    coreFlops,
    tensorCores: tensorFlops > 0,
    multiprocessors: Math.max(1, Math.round(cores / cudaCoresPerSm)),
    bytesPerSecond: bandwidth * 1e9 * memoryShare(module, mode),
    dla: dlaOf(module, mode),
    gpuMhz,
    dlaMhz: mode?.dlaMaxMhz ?? best(module.dlaMaxMhz),
  };
}

/** The memory clock of a mode as a share of the full one. */
function memoryShare(module: Module, mode: PowerModeFacts | null): number {
  const full = best(module.emcMaxMhz);
  return mode?.emcMaxMhz && full ? Math.min(1, mode.emcMaxMhz / full) : 1;
}

function dlaOf(module: Module, mode: PowerModeFacts | null): Hardware["dla"] {
  const generation = best(SOCS[module.soc].dlaGeneration);
  const [cores, tops] = [best(module.dlaCores), best(module.dlaTops)];
  if (!generation || !cores || !tops) return null;
  const full = best(module.dlaMaxMhz);
  const share = mode?.dlaMaxMhz && full ? mode.dlaMaxMhz / full : 1;
  return {
    generation,
    cores,
    flops: {
      int8: tops * 1e12 * share,
      fp16: tops * 1e12 * share * DLA_FP16_SHARE[generation],
    },
  };
}

export const BYTES: Readonly<Record<Precision, number>> = { fp32: 4, fp16: 2, int8: 1 };
