// Measured, not published: what TensorRT-RTX 1.7.1 built for a T4 and an L4 on a machine without a GPU
// (test/plan/silicon/results/rtx). test/plan/silicon/rtx-costs.test.ts holds the spreads against it.

/** What the spreads were read from. */
export const RTX_BUILT = { version: "1.7", engines: 65, models: 30 } as const;

/** Memory that each stream of an engine has for its kernels: activations of small networks end just above multiples. */
export const STREAM_WORKSPACE_MIB = 8;

/** Middle 80 % of the memory between layers over what is reckoned, where streams are guessed from the graph's width. */
export const RTX_ACTIVATIONS = {
  turing: { low: 0.794, expected: 0.972, high: 1.094 },
  ada: { low: 0.727, expected: 0.976, high: 1.165 },
} as const;

/** The same of weights with the zeros that fill channels. */
export const RTX_WEIGHTS = {
  turing: { low: 0.999, expected: 1, high: 1.001 },
  ada: { low: 0.99, expected: 0.999, high: 1 },
} as const;

/** Seconds of a build on a CPU for each convolution or matrix product. */
export const RTX_BUILD_SECONDS = { low: 0.00432, expected: 0.0078, high: 0.0174 } as const;
