import type { Layer } from "../../../fleet/plan/layers/index.ts";

/** A 3×3 convolution of 16 channels on 32×32, with what a test changes. */
export function layer(changes: Partial<Layer> = {}): Layer {
  return {
    index: 0,
    name: "conv",
    op: "Conv",
    kind: "convolution",
    inputs: [{ name: "x", dims: [1, 16, 32, 32] }],
    outputs: [{ name: "y", dims: [1, 16, 32, 32] }],
    weightElements: 2304,
    flops: 1e6,
    groups: 1,
    window: { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], before: [1, 1], after: [1, 1] },
    ...changes,
  };
}

/** A window of one size in both dimensions. */
export function window(
  kernel: number,
  stride = 1,
  pad = 0,
  dilation = 1,
): NonNullable<Layer["window"]> {
  const both = (value: number): number[] => [value, value];
  return {
    kernel: both(kernel),
    stride: both(stride),
    dilation: both(dilation),
    before: both(pad),
    after: both(pad),
  };
}

export function pool(kernel: number, stride = 1, pad = 0, changes: Partial<Layer> = {}): Layer {
  const poolType = "max" as const;
  return layer({
    kind: "pooling",
    op: "MaxPool",
    poolType,
    window: window(kernel, stride, pad),
    ...changes,
  });
}
