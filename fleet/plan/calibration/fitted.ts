import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
  coreFp32Share: 0.5996,
  coreFp16Share: 0.5379,
  coreLaunchUs: 49.27,
  coreMemoryShare: 0.6401,
  tensorFp16Share: 0.6179,
  tensorInt8Share: 0.4561,
  tensorLaunchUs: 17.41,
  tensorMemoryShare: 0.4466,
  depthwiseShare: 0.1467,
  earlyDepthwiseUs: 1.456,
  coreCopyUs: 5.332,
  tensorCopyUs: 13.07,
  coreTile: 991.6,
  tensorTile: 4469,
  winogradGain: 1.601,
  matmulMemoryShare: 0.5485,
  dlaShare1: 0.5748,
  dlaShare2: 0.5102,
  dlaDepthwiseShare: 0.01645,
  dlaMemoryShare: 0.2899,
  dlaLayerUs: 9.689,
  submissionGain: 1.342,
  concurrentShare: 0.9183,
};

/** Bounds of the middle 80 % of errors on sources that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: -0.4288, high: 0.5096 };

/** How far the worst of them lies off with nine tenths of its figures, to either side. */
export const HELD_OUT_BIAS = { low: -0.897, high: 0.7879 };

export const FITTED_ON = {
  figures: 177,
  models: 30,
  sources: 8,
  medianError: 0.286,
  p90Error: 0.6054,
  coverage80: 0.791,
};
