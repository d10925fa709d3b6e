import {
  ACTIVATION_OVER_LIVE,
  ENGINE_OVER_WEIGHTS,
  MEMORY_LOGS,
} from "../calibration/memory-logs.ts";
import type { Layer } from "../layers/index.ts";
import type { Interval } from "../plan-schema.ts";
import { BYTES, type Hardware, type Precision } from "./hardware.ts";
import { rtxEngineMib } from "./rtx-memory.ts";

const MIB = 2 ** 20;
/** From TensorRT 10 on, logs show no cuBLAS and cuDNN unless a program asks for them. */
const WITHOUT_LIBRARIES = 1000;

export interface MemoryQuestion {
  precision: Precision;
  trt: number;
  /** Engines that are loaded at once: a split has one of the GPU and one on each DLA. */
  engines: number;
  /** TensorRT where not said. */
  hardware?: Pick<Hardware, "arch" | "builder">;
}

/** Memory of a pipeline's engines: what is loaded, what is live at once between layers, CUDA and its libraries. */
export function estimateMemory(
  layers: readonly Layer[],
  { precision, trt, engines, hardware }: MemoryQuestion,
): Interval {
  const context = contextMib(trt);
  const engine =
    hardware?.builder === "tensorrt-rtx"
      ? rtxEngineMib(layers, { arch: hardware.arch, precision })
      : engineMib(layers, precision);
  const of = (end: keyof Interval): number => engines * engine[end] + context[end];
  return { low: of("low"), expected: of("expected"), high: of("high") };
}

function engineMib(layers: readonly Layer[], precision: Precision): Interval {
  const bytes = BYTES[precision];
  const weights = (layers.reduce((sum, one) => sum + one.weightElements, 0) * bytes) / MIB;
  const live = (peakLiveElements(layers) * bytes) / MIB;
  const of = (end: keyof Interval): number =>
    weights * ENGINE_OVER_WEIGHTS[end] + live * ACTIVATION_OVER_LIVE[end];
  return { low: of("low"), expected: of("expected"), high: of("high") };
}

/** CUDA's context and the libraries that TensorRT loads, once a process. */
export function contextMib(trt: number): Interval {
  const totals = MEMORY_LOGS.map(({ cudaMib, librariesMib }) => cudaMib + librariesMib).sort(
    (a, b) => a - b,
  );
  const [least, most] = [totals[0] ?? 0, totals[totals.length - 1] ?? 0];
  const cuda = Math.min(...MEMORY_LOGS.map(({ cudaMib }) => cudaMib));
  // No log of TensorRT 10 tells the whole: it lies between CUDA alone and the older versions.
  if (trt >= WITHOUT_LIBRARIES) return { low: cuda, expected: (cuda + least) / 2, high: most };
  return {
    low: least,
    expected: totals.reduce((sum, one) => sum + one, 0) / totals.length,
    high: most,
  };
}

/** Most elements that wait for a later layer at any one time. */
export function peakLiveElements(layers: readonly Layer[]): number {
  const lastUse = new Map<string, number>();
  for (const { inputs, index } of layers) for (const { name } of inputs) lastUse.set(name, index);
  const endings = new Map<number, number>();
  let [live, peak] = [0, 0];
  for (const { outputs, index } of layers) {
    for (const { name, dims } of outputs) {
      const elements = dims.reduce((all, dim) => all * Math.max(1, dim), 1);
      const until = lastUse.get(name) ?? layers.length;
      live += elements;
      endings.set(until, (endings.get(until) ?? 0) + elements);
    }
    peak = Math.max(peak, live);
    live -= endings.get(index) ?? 0;
  }
  return peak;
}
