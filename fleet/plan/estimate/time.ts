import type { Factors } from "./factors.ts";
import { BYTES, type Hardware, type Precision } from "./hardware.ts";
import type { Kernel } from "./kernels.ts";

/** Milliseconds of one kernel: the longer of computing and moving, and what a launch costs besides. */
export function kernelMs(
  kernel: Kernel,
  hardware: Hardware,
  precision: Precision,
  factors: Factors,
): number {
  if (kernel.work === "free") return 0;
  const once =
    kernel.device === "dla"
      ? dlaMs(kernel, hardware, precision, factors)
      : gpuMs(kernel, hardware, precision, factors);
  return kernel.rounds * once;
}

function gpuMs(kernel: Kernel, hardware: Hardware, precision: Precision, factors: Factors): number {
  const tensor = hardware.tensorCores && precision !== "fp32";
  // Launches and memory belong to the generation of the GPU, whichever cores compute.
  const memoryShare = hardware.tensorCores ? factors.tensorMemoryShare : factors.coreMemoryShare;
  const share = kernel.work === "matmul" ? factors.matmulMemoryShare : memoryShare;
  const moveUs = (bytesOf(kernel, precision) / (hardware.bytesPerSecond * share)) * 1e6;
  return (
    (kernel.launches * launchUs(kernel, hardware, factors) +
      blend(computeUs(kernel, hardware, precision, factors, tensor), moveUs)) /
    1e3
  );
}

function launchUs({ work }: Kernel, { tensorCores }: Hardware, factors: Factors): number {
  if (work === "earlyDepthwise") return factors.earlyDepthwiseUs;
  if (work === "copy") return tensorCores ? factors.tensorCopyUs : factors.coreCopyUs;
  return tensorCores ? factors.tensorLaunchUs : factors.coreLaunchUs;
}

function bytesOf(kernel: Kernel, precision: Precision): number {
  const [bytes, least] = [BYTES[precision], Math.max(BYTES[precision], kernel.leastBytes)];
  return kernel.elements * least + kernel.weightElements * bytes;
}

function computeUs(
  kernel: Kernel,
  hardware: Hardware,
  precision: Precision,
  factors: Factors,
  tensor: boolean,
): number {
  if (kernel.work === "memory" || kernel.work === "copy") return 0;
  if (kernel.work === "depthwise" || kernel.work === "earlyDepthwise")
    return (kernel.flops / (hardware.coreFlops * factors.depthwiseShare)) * 1e6;
  const peak = hardware.gpuFlops[precision];
  const gain = !tensor && kernel.winograd ? factors.winogradGain : 1;
  const share = shareOf(precision, factors, tensor) * gain;
  const padded = tensor ? paddedChannels(kernel.channels, precision) / kernel.channels : 1;
  const tile = tensor ? factors.tensorTile : factors.coreTile;
  const idle = (tile * hardware.multiprocessors) / Math.max(1, kernel.outputElements);
  return ((kernel.flops * padded * (1 + idle)) / (peak * share)) * 1e6;
}

function shareOf(precision: Precision, factors: Factors, tensor: boolean): number {
  if (!tensor) return precision === "fp32" ? factors.coreFp32Share : factors.coreFp16Share;
  return precision === "int8" ? factors.tensorInt8Share : factors.tensorFp16Share;
}

/** Tensor cores take channels in packs: 8 of FP16; 32 of INT8, or 4 at the picture itself. */
function paddedChannels(channels: number, precision: Precision): number {
  const pack = precision === "fp16" ? 8 : channels <= 4 ? 4 : 32;
  return Math.ceil(channels / pack) * pack;
}

function dlaMs(
  kernel: Kernel,
  { dla, bytesPerSecond }: Hardware,
  precision: Precision,
  factors: Factors,
): number {
  if (!dla) return Number.POSITIVE_INFINITY;
  const peak = dla.flops[precision === "int8" ? "int8" : "fp16"];
  const dense = dla.generation === 1 ? factors.dlaShare1 : factors.dlaShare2;
  const depthwise = kernel.work === "depthwise" || kernel.work === "earlyDepthwise";
  const share = depthwise ? factors.dlaDepthwiseShare : dense;
  const computeUs =
    kernel.work === "memory" || kernel.work === "copy" ? 0 : (kernel.flops / (peak * share)) * 1e6;
  const bytes = (kernel.elements + kernel.weightElements) * (precision === "int8" ? 1 : 2);
  const moveUs = (bytes / (bytesPerSecond * factors.dlaMemoryShare)) * 1e6;
  return (factors.dlaLayerUs + blend(computeUs, moveUs)) / 1e3;
}

/** The longer of two that overlap, rounded off where they are near each other. */
function blend(a: number, b: number): number {
  return Math.hypot(a, b);
}

/** Milliseconds of all kernels, or of those on one device. */
export function kernelsMs(
  kernels: readonly Kernel[],
  hardware: Hardware,
  precision: Precision,
  factors: Factors,
  device?: Kernel["device"],
): number {
  let sum = 0;
  for (const kernel of kernels) {
    if (device === undefined || kernel.device === device)
      sum += kernelMs(kernel, hardware, precision, factors);
  }
  return sum;
}

/** Milliseconds a result of the engines that share a board; `dlaOnGpuMs` is what falls back to the GPU. */
export interface EngineTimes {
  gpuMs: number | null;
  dlaMs: number;
  dlaOnGpuMs: number;
}

/**
 * Results a millisecond of `dlas` DLA engines at once, and what they leave of the GPU: their layers that fall back
 * take its time away from the GPU's own engine.
 */
export function pace(
  { dlaMs, dlaOnGpuMs }: EngineTimes,
  dlas: number,
): { onDla: number; gpuShare: number } {
  const wanted = dlas / dlaMs;
  const onDla = dlaOnGpuMs > 0 ? Math.min(wanted, 1 / dlaOnGpuMs) : wanted;
  return { onDla, gpuShare: Math.max(0, 1 - onDla * dlaOnGpuMs) };
}

/** Results a millisecond of one GPU engine and `dlas` DLA engines at once. */
export function together(times: EngineTimes, dlas: number, factors: Factors): number {
  const { gpuMs } = times;
  if (dlas === 0) return gpuMs === null ? 0 : 1 / gpuMs;
  const { onDla, gpuShare } = pace(times, dlas);
  return gpuMs === null ? onDla : (onDla + gpuShare / gpuMs) * factors.concurrentShare;
}
