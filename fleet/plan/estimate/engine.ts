import { FITTED_FACTORS, HELD_OUT_SPREAD } from "../calibration/fitted.ts";
import type { PlacedGraph } from "../dla/index.ts";
import type { Interval } from "../plan-schema.ts";
import { BYTES, type Hardware, type Precision } from "./hardware.ts";
import { fuse, type Kernel } from "./kernels.ts";
import { type EngineTimes, kernelsMs, together } from "./time.ts";

/** GPU generations whose figures the factors were fitted on; others get twice the spread. */
const CALIBRATED = ["maxwell", "pascal", "volta"];

export interface EngineEstimate {
  kernels: Kernel[];
  ms: number;
  /** Of it, what runs on the GPU. */
  gpuMs: number;
}

export function estimateEngine(
  placed: PlacedGraph,
  trt: number,
  hardware: Hardware,
  precision: Precision,
): EngineEstimate {
  const kernels = fuse(placed, { trt });
  const ms =
    kernelsMs(kernels, hardware, precision, FITTED_FACTORS) +
    reformatMs(placed, hardware, precision);
  return { kernels, ms, gpuMs: kernelsMs(kernels, hardware, precision, FITTED_FACTORS, "gpu") };
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

/** Milliseconds a picture when a GPU engine and engines on all DLAs share the pictures. */
export function splitMs(times: EngineTimes, dlas: number): number {
  return 1 / together(times, dlas, FITTED_FACTORS);
}

/** The 80 % interval around an estimate, from the errors on models that the fit had not seen. */
export function withInterval(
  ms: number,
  hardware: Hardware,
  usesDla: boolean,
  precision: Precision,
): Interval {
  const doubt = isCalibrated(hardware, usesDla, precision) ? 1 : 2;
  return {
    expected: ms,
    low: ms * Math.exp(-HELD_OUT_SPREAD.high * doubt),
    high: ms * Math.exp(-HELD_OUT_SPREAD.low * doubt),
  };
}

export function isCalibrated(
  { arch, dla }: Hardware,
  usesDla: boolean,
  precision: Precision,
): boolean {
  if (!usesDla) return CALIBRATED.includes(arch);
  // Published DLA figures are INT8 only, and Orin's are of its DLA alone.
  return precision === "int8" && dla?.generation === 1;
}

export function perSecond({ expected, low, high }: Interval): Interval {
  return { expected: 1000 / expected, low: 1000 / high, high: 1000 / low };
}
