import { JETSON_BUILDS, secondsPerKernel } from "../calibration/build-times.ts";
import { RTX_BUILD_SECONDS, RTX_BUILT } from "../calibration/rtx.ts";
import type { Interval } from "../plan-schema.ts";
import type { Builder } from "./hardware.ts";

const JETSON = secondsPerKernel(JETSON_BUILDS);

/**
 * Minutes of the first build on the board, without a timing cache; INT8 calibration comes on top. TensorRT-RTX times
 * nothing while it builds, and compiles kernels when the engine first runs, which is not part of it.
 */
export function buildMinutes(matrixKernels: number, builder: Builder): Interval {
  const { low, expected, high } = builder === "tensorrt" ? JETSON : RTX_BUILD_SECONDS;
  const minutes = (seconds: number): number =>
    Number(((matrixKernels * seconds) / 60).toPrecision(2));
  return { low: minutes(low), expected: minutes(expected), high: minutes(high) };
}

/** What the band rests on, in a sentence. */
export function buildBasis(builder: Builder): string {
  if (builder === "tensorrt-rtx") {
    const { low, high } = RTX_BUILD_SECONDS;
    return `build time from ${RTX_BUILT.engines} builds of TensorRT-RTX on a CPU: ${(1e3 * low).toFixed(0)} to ${(1e3 * high).toFixed(0)} ms a convolution; kernels are compiled when the engine first runs, which nobody has measured and which comes on top`;
  }
  const { low, high } = JETSON;
  return `build time from ${JETSON_BUILDS.length} builds of Jetson Nano, Orin Nano and Orin NX, none of TX2 or Xavier: ${low.toFixed(1)} to ${high.toFixed(1)} s a convolution; calibration for INT8 comes on top`;
}
