import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
  coreFp32Share: 0.5211,
  coreFp16Share: 0.4991,
  coreLaunchUs: 88.75,
  coreMemoryShare: 0.5425,
  tensorFp16Share: 0.6696,
  tensorInt8Share: 0.4622,
  tensorLaunchUs: 15.29,
  tensorMemoryShare: 0.3655,
  depthwiseShare: 0.1574,
  coreTile: 1032,
  tensorTile: 3803,
  winogradGain: 1.735,
  matmulMemoryShare: 0.5988,
  dlaShare1: 0.5602,
  dlaShare2: 0.6036,
  dlaDepthwiseShare: 0.01755,
  dlaMemoryShare: 0.3322,
  dlaLayerUs: 8.622,
  submissionGain: 1.406,
  concurrentShare: 0.9356,
};

/** Bounds of the middle 80 % of errors on models that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: -0.4833, high: 0.2509 };

export const FITTED_ON = {
  figures: 145,
  models: 23,
  medianError: 0.2397,
  p90Error: 0.4917,
  coverage80: 0.7655,
};
