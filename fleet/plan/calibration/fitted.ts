import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
  coreFp32Share: 0.5216,
  coreFp16Share: 0.4965,
  coreLaunchUs: 84.45,
  coreMemoryShare: 0.5435,
  tensorFp16Share: 0.6823,
  tensorInt8Share: 0.4336,
  tensorLaunchUs: 14.72,
  tensorMemoryShare: 0.3444,
  depthwiseShare: 0.1562,
  coreTile: 1027,
  tensorTile: 3674,
  winogradGain: 1.735,
  matmulMemoryShare: 0.6041,
  dlaShare1: 0.5619,
  dlaShare2: 0.5967,
  dlaDepthwiseShare: 0.01573,
  dlaMemoryShare: 0.3301,
  dlaLayerUs: 8.824,
  submissionGain: 1.446,
  concurrentShare: 0.9381,
};

/** Bounds of the middle 80 % of errors on models that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: -0.4705, high: 0.2817 };

export const FITTED_ON = {
  figures: 145,
  models: 23,
  medianError: 0.2359,
  p90Error: 0.5075,
  coverage80: 0.7655,
};
