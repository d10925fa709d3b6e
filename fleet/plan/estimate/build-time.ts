import {
  CARD_BUILDS,
  JETSON_BUILDS,
  type SecondsPerKernel,
  secondsPerKernel,
} from "../calibration/build-times.ts";
import type { Interval } from "../plan-schema.ts";

const JETSON = secondsPerKernel(JETSON_BUILDS);
// One model on one card tells nothing of the spread: a factor of four either way is the range of the Jetsons' extremes.
const CARD = widened(secondsPerKernel(CARD_BUILDS), 4);

function widened({ expected }: SecondsPerKernel, factor: number): SecondsPerKernel {
  return { low: expected / factor, expected, high: expected * factor };
}

/** Minutes of the first build on the board, without a timing cache; INT8 calibration comes on top. */
export function buildMinutes(matrixKernels: number, isJetson: boolean): Interval {
  const { low, expected, high } = isJetson ? JETSON : CARD;
  const minutes = (seconds: number): number =>
    Number(((matrixKernels * seconds) / 60).toPrecision(2));
  return { low: minutes(low), expected: minutes(expected), high: minutes(high) };
}

/** What the band rests on, in a sentence. */
export function buildBasis(isJetson: boolean): string {
  const { low, high } = isJetson ? JETSON : CARD;
  const builds = isJetson ? JETSON_BUILDS : CARD_BUILDS;
  const where = isJetson
    ? "of Jetson Nano, Orin Nano and Orin NX, none of TX2 or Xavier"
    : "of one model on an H100";
  return `build time from ${builds.length} builds ${where}: ${low.toFixed(1)} to ${high.toFixed(1)} s a convolution; calibration for INT8 comes on top`;
}
