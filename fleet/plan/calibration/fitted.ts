import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
  coreFp32Share: 0.521,
  coreFp16Share: 0.4991,
  coreLaunchUs: 88.76,
  coreMemoryShare: 0.5425,
  tensorFp16Share: 0.6716,
  tensorInt8Share: 0.4554,
  tensorLaunchUs: 15.42,
  tensorMemoryShare: 0.3679,
  depthwiseShare: 0.1583,
  coreTile: 1032,
  tensorTile: 3936,
  winogradGain: 1.734,
  matmulMemoryShare: 0.6011,
  dlaShare1: 0.5864,
  dlaShare2: 0.6032,
  dlaDepthwiseShare: 0.0172,
  dlaMemoryShare: 0.3331,
  dlaLayerUs: 8.507,
  submissionGain: 1.406,
  concurrentShare: 0.9311,
};

/** Bounds of the middle 80 % of errors on models that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: -0.4834, high: 0.2462 };

export const FITTED_ON = {
  figures: 145,
  models: 23,
  medianError: 0.2349,
  p90Error: 0.4895,
  coverage80: 0.7724,
};
