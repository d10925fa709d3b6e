/**
 * What the roofline is multiplied with, as natural logarithms of: shares of a peak (`…Share`), or microseconds
 * (`…Us`). Names say the device and the kind of work.
 */
export const FACTOR_PRIORS = {
  // Plain cores (Maxwell, Pascal, and FP32 everywhere).
  coreFp32Share: prior(0.6, 0.5),
  coreFp16Share: prior(0.5, 0.5),
  coreLaunchUs: prior(25, 0.7),
  coreMemoryShare: prior(0.6, 0.4),
  // Tensor cores.
  tensorFp16Share: prior(0.5, 0.5),
  tensorInt8Share: prior(0.4, 0.5),
  tensorLaunchUs: prior(8, 0.7),
  tensorMemoryShare: prior(0.6, 0.4),
  // Depthwise convolution, as a share of the plain cores' peak.
  depthwiseShare: prior(0.15, 0.7),
  // Before TensorRT 5, which has kernels of its own for it, each channel was a launch, with no gap between them.
  earlyDepthwiseUs: prior(4, 0.7),
  // Each part that a concatenation copies is a launch; it waits for none before it.
  coreCopyUs: prior(8, 0.7),
  tensorCopyUs: prior(8, 0.7),
  // Results that one multiprocessor makes at a time; fewer leave it idle.
  coreTile: prior(1024, 0.8),
  tensorTile: prior(4096, 0.8),
  // How much faster 3×3 convolutions of stride 1 are by Winograd's method, which plain cores use.
  winogradGain: prior(1.5, 0.3),
  // Matrix products of batch 1 read their weights once: a share of the bandwidth.
  matmulMemoryShare: prior(0.6, 0.4),
  // DLA of Xavier and of Orin.
  dlaShare1: prior(0.6, 0.4),
  dlaShare2: prior(0.35, 0.4),
  dlaDepthwiseShare: prior(0.03, 0.8),
  dlaMemoryShare: prior(0.3, 0.5),
  dlaLayerUs: prior(10, 0.7),
  // What the hand-tuned submissions of a benchmark gain over a plain build; no plan counts on it.
  submissionGain: prior(1.3, 0.2),
  // GPU and both DLAs at once, against the sum of each alone.
  concurrentShare: prior(0.9, 0.15),
} as const satisfies Record<string, Prior>;

export interface Prior {
  log: number;
  /** Standard deviation of the logarithm: how far the figures may pull the factor. */
  deviation: number;
}

export type FactorName = keyof typeof FACTOR_PRIORS;
export type Factors = Readonly<Record<FactorName, number>>;
export const FACTOR_NAMES = Object.keys(FACTOR_PRIORS) as FactorName[];

function prior(value: number, deviation: number): Prior {
  return { log: Math.log(value), deviation };
}

/** Plain values from logarithms in the order of `FACTOR_NAMES`. */
export function factorsFrom(logs: readonly number[]): Factors {
  return Object.fromEntries(
    FACTOR_NAMES.map((name, at) => [name, Math.exp(logs[at] ?? 0)]),
  ) as Factors;
}
