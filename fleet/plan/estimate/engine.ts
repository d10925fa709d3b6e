import { FITTED_FACTORS, HELD_OUT_BIAS, HELD_OUT_SPREAD } from "../calibration/fitted.ts";
import type { PlacedGraph } from "../dla/index.ts";
import type { Interval } from "../plan-schema.ts";
import { BYTES, type Hardware, type Precision } from "./hardware.ts";
import { fuse } from "./kernels.ts";
import { kernelMs, kernelsMs, pace, together } from "./time.ts";

/** GPU generations whose figures the factors were fitted on. */
const CALIBRATED = ["maxwell", "pascal", "volta"];

/**
 * What each loadable after the first costs besides its work: the hand-over to the GPU and back. A network of five
 * loadables takes 1.73 ms more a batch than the same of one (NVIDIA-AI-IOT/jetson_dla_tutorial, AGX Orin, GroupNorm
 * against BatchNorm: 305.9 and 649.7 a second), about half of which is moving its tensors.
 */
const HANDOVER_MS = 0.2;

/** Milliseconds of one inference, which is of a whole batch where the graph has one. */
export interface EngineEstimate {
  ms: number;
  /** Of it, what runs on the GPU, and on one DLA core; the rest is waiting for the other. */
  gpuMs: number;
  dlaMs: number;
  /** Launches whose kernels the builder has to find by timing many. */
  matrixKernels: number;
  /** Of it by the index of a layer, each launch with the layer of it that computes most; no others. */
  layerMs: () => Map<number, number>;
}

export function estimateEngine(
  placed: PlacedGraph,
  trt: number,
  hardware: Hardware,
  precision: Precision,
): EngineEstimate {
  const kernels = fuse(placed, { trt, arch: hardware.arch, builder: hardware.builder, precision });
  const dlaMs = kernelsMs(kernels, hardware, precision, FITTED_FACTORS, "dla");
  const gpuMs =
    kernelsMs(kernels, hardware, precision, FITTED_FACTORS, "gpu") +
    reformatMs(placed, hardware, precision);
  const loadables = placed.segments.filter(({ device }) => device === "dla").length;
  const ms = gpuMs + dlaMs + Math.max(0, loadables - 1) * HANDOVER_MS;
  const matrixKernels = kernels.filter(
    ({ work }) => !["memory", "copy", "free"].includes(work),
  ).length;
  const layerMs = (): Map<number, number> =>
    new Map(
      kernels.flatMap((kernel): [number, number][] => {
        const anchor = mostWork(kernel.layers, placed);
        const took = kernelMs(kernel, hardware, precision, FITTED_FACTORS);
        return anchor === undefined ? [] : [[anchor, took]];
      }),
    );
  return { ms, gpuMs, dlaMs, matrixKernels, layerMs };
}

function mostWork(indices: readonly number[], { layers }: PlacedGraph): number | undefined {
  const flops = (index: number): number => layers[index]?.flops ?? 0;
  return [...indices].sort((a, b) => flops(b) - flops(a) || a - b)[0];
}

/** Each tensor that changes device is read and written once by the GPU. */
function reformatMs({ reformats }: PlacedGraph, hardware: Hardware, precision: Precision): number {
  const bytes = reformats.reduce((sum, { elements }) => sum + 2 * elements * BYTES[precision], 0);
  const share = hardware.tensorCores
    ? FITTED_FACTORS.tensorMemoryShare
    : FITTED_FACTORS.coreMemoryShare;
  const launchUs = reformats.length * FITTED_FACTORS.tensorLaunchUs;
  return (bytes / (hardware.bytesPerSecond * share)) * 1e3 + launchUs / 1e3;
}

/** A GPU engine and engines on DLAs that share the pictures. */
export interface SplitEstimate {
  /** Milliseconds between two results, of whichever engine. */
  periodMs: number;
  /** Milliseconds of one inference in the slower engine. */
  latencyMs: number;
  /** Share of its time that one DLA works; the GPU works all the time. */
  dlaBusy: number;
  dlas: number;
}

export function estimateSplit(
  gpu: EngineEstimate,
  dla: EngineEstimate,
  dlas: number,
): SplitEstimate {
  const { concurrentShare } = FITTED_FACTORS;
  const times = { gpuMs: gpu.ms, dlaMs: dla.ms, dlaOnGpuMs: dla.gpuMs };
  const { onDla, gpuShare } = pace(times, dlas);
  const slower = Math.max(dla.ms, gpuShare > 0 ? gpu.ms / gpuShare : 0);
  return {
    periodMs: 1 / together(times, dlas, FITTED_FACTORS),
    latencyMs: slower / concurrentShare,
    dlaBusy: (onDla / dlas) * dla.dlaMs,
    dlas,
  };
}

/** The 80 % interval around an estimate, from the errors on sources that the fit had not seen. */
export function withInterval(ms: number, published: boolean): Interval {
  const doubt = published ? NO_DOUBT : DOUBT;
  return {
    expected: ms,
    low: ms * Math.exp(-HELD_OUT_SPREAD.high * doubt.faster),
    high: ms * Math.exp(-HELD_OUT_SPREAD.low * doubt.slower),
  };
}

/** The fewest milliseconds that the bias of any source explains: only what is below is impossible. */
export function leastMs(ms: number, published: boolean): number {
  const doubt = published ? NO_DOUBT : DOUBT;
  return ms * Math.exp(-HELD_OUT_BIAS.high * doubt.faster);
}

const NO_DOUBT = { faster: 1, slower: 1 };

/**
 * The spread of what no figure was fitted on, as multiples. Towards faster it must reach what is known of Ampere:
 * ResNet-50 in INT8 on AGX Orin takes 1.0 ms, YOLOX-nano in FP16 on Orin NX 2.15 at 1173 MHz, about half of what the
 * factors of Volta say.
 */
const DOUBT = { faster: 2, slower: 1.5 };

export function isCalibrated(
  { arch, dla }: Hardware,
  usesDla: boolean,
  precision: Precision,
): boolean {
  if (!usesDla) return CALIBRATED.includes(arch);
  // Published DLA figures are INT8 only, and Orin's are of its DLA alone.
  return precision === "int8" && dla?.generation === 1;
}

/** Pictures a second from milliseconds between two inferences of so many pictures each. */
export function perSecond({ expected, low, high }: Interval, batch: number): Interval {
  const rate = 1000 * batch;
  return { expected: rate / expected, low: rate / high, high: rate / low };
}
