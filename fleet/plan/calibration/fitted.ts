import type { Factors } from "../estimate/factors.ts";

// Written by recipe/fit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
  coreFp32Share: 0.5217,
  coreFp16Share: 0.4962,
  coreLaunchUs: 84.44,
  coreMemoryShare: 0.5433,
  tensorFp16Share: 0.684,
  tensorInt8Share: 0.4313,
  tensorLaunchUs: 14.96,
  tensorMemoryShare: 0.3394,
  depthwiseShare: 0.1567,
  coreTile: 1026,
  tensorTile: 3965,
  winogradGain: 1.731,
  matmulMemoryShare: 0.6353,
  dlaShare1: 0.5008,
  dlaShare2: 0.5964,
  dlaDepthwiseShare: 0.0174,
  dlaMemoryShare: 0.3262,
  dlaLayerUs: 8.914,
  submissionGain: 1.517,
  concurrentShare: 0.8579,
};

/** Bounds of the middle 80 % of errors on models that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: -0.8232, high: 0.282 };

export const FITTED_ON = {
  figures: 145,
  models: 23,
  medianError: 0.2399,
  p90Error: 0.5775,
  coverage80: 0.7862,
};
