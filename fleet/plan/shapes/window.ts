import { type DataType, int, ints, type OnnxNode, text } from "../onnx/index.ts";
import {
  contradiction,
  type Dim,
  dimsOf,
  type Inference,
  type NodeContext,
  shaped,
} from "./fact.ts";

/** How a window of a convolution or pooling moves over its input. */
export interface Window {
  kernel: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  /** Padding before and after, per axis. */
  before: readonly number[];
  after: readonly number[];
}

/** The window of a node, with what the standard says of attributes that are absent. */
export function windowOf(node: OnnxNode, kernel: readonly number[], input: readonly Dim[]): Window {
  const axes = kernel.length;
  const all = (value: number): number[] => Array.from({ length: axes }, () => value);
  const stride = ints(node, "strides") ?? all(1);
  const dilation = ints(node, "dilations") ?? all(1);
  const pads = ints(node, "pads") ?? all(0).concat(all(0));
  const auto = text(node, "auto_pad", "NOTSET");
  const base = { kernel, stride, dilation };
  if (!auto.startsWith("SAME")) {
    const none = auto === "VALID";
    return {
      ...base,
      before: none ? all(0) : pads.slice(0, axes),
      after: none ? all(0) : pads.slice(axes),
    };
  }
  const backwards = node.op === "ConvTranspose";
  const extra = ints(node, "output_padding") ?? [];
  const total = kernel.map((size, at) => {
    const [length, step] = [input[at] ?? 0, stride[at] ?? 1];
    const reach = extent(size, dilation[at] ?? 1);
    // "Same" means ceil(length ÷ stride) for a convolution, and length × stride for a transposed one.
    const room = backwards
      ? (extra[at] ?? 0) + reach - step
      : (Math.ceil(length / step) - 1) * step + reach - length;
    return Math.max(0, room);
  });
  const small = total.map((one) => Math.floor(one / 2));
  const large = total.map((one, at) => one - (small[at] ?? 0));
  return auto === "SAME_UPPER"
    ? { ...base, before: small, after: large }
    : { ...base, before: large, after: small };
}

function extent(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Lengths after a window went over the spatial dimensions. */
export function slide(window: Window, input: readonly Dim[], roundUp = false): Dim[] {
  return window.kernel.map((kernel, at) => {
    const length = input[at] ?? null;
    if (length === null) return null;
    const [before, after] = [window.before[at] ?? 0, window.after[at] ?? 0];
    const step = window.stride[at] ?? 1;
    const room = length + before + after - extent(kernel, window.dilation[at] ?? 1);
    if (room < 0) return 0;
    const steps = roundUp ? Math.ceil(room / step) : Math.floor(room / step);
    // A window that would begin in the padding behind the input does not count.
    const last = roundUp && steps * step >= length + before ? steps - 1 : steps;
    return last + 1;
  });
}

/** Kernel of a convolution: from the attribute, else from the weights [M, C/group, …kernel]. */
export function kernelOf(context: NodeContext, weights = 1): number[] | null {
  const said = ints(context.node, "kernel_shape");
  if (said) return [...said];
  const dims = dimsOf(context, weights)?.slice(2);
  return dims?.every((dim) => dim !== null) ? (dims as number[]) : null;
}

function convolution(weights: number, type?: DataType): Inference {
  return (context) => {
    const [input, filters] = [dimsOf(context, 0), dimsOf(context, weights)];
    const kernel = kernelOf(context, weights);
    if (!input || !filters || !kernel) return [shaped(context, null)];
    if (kernel.length !== input.length - 2)
      throw contradiction(
        context,
        `a kernel of rank ${kernel.length} on an input of rank ${input.length}`,
      );
    const taken = (filters[1] ?? 0) * int(context.node, "group", 1);
    if (taken > 0 && input[1] != null && input[1] !== taken)
      throw contradiction(context, `${input[1]} input channels where the weights take ${taken}`);
    const window = windowOf(context.node, kernel, input.slice(2));
    const dims = [input[0] ?? null, filters[0] ?? null, ...slide(window, input.slice(2))];
    return [shaped(context, dims, type)];
  };
}

const transposed: Inference = (context) => {
  const [input, filters] = [dimsOf(context, 0), dimsOf(context, 1)];
  const kernel = kernelOf(context);
  if (!input || !filters || !kernel) return [shaped(context, null)];
  const { node } = context;
  const window = windowOf(node, kernel, input.slice(2));
  const extra = ints(node, "output_padding") ?? [];
  // Batch and channels may stand before the spatial sizes, as early models have it.
  const said = ints(node, "output_shape")?.slice(-kernel.length);
  const spatial = kernel.map((size, at) => {
    const length = input[at + 2] ?? null;
    if (length === null) return null;
    const full = (window.stride[at] ?? 1) * (length - 1) + (extra[at] ?? 0);
    const pads = (window.before[at] ?? 0) + (window.after[at] ?? 0);
    return full + extent(size, window.dilation[at] ?? 1) - pads;
  });
  const channels =
    filters[1] === null || filters[1] === undefined ? null : filters[1] * int(node, "group", 1);
  return [shaped(context, [input[0] ?? null, channels, ...(said ?? spatial)])];
};

const pool: Inference = (context) => {
  const input = dimsOf(context, 0);
  const kernel = ints(context.node, "kernel_shape");
  if (!input || !kernel) return [shaped(context, null)];
  const window = windowOf(context.node, kernel, input.slice(2));
  const roundUp = int(context.node, "ceil_mode", 0) === 1;
  const dims = [...input.slice(0, 2), ...slide(window, input.slice(2), roundUp)];
  return context.node.outputs.map((_, at) => shaped(context, dims, at === 1 ? "int64" : undefined));
};

const globalPool: Inference = (context) => {
  const input = dimsOf(context, 0);
  return [shaped(context, input?.map((dim, at) => (at < 2 ? dim : 1)) ?? null)];
};

export const WINDOWS: Readonly<Record<string, Inference>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1, "int32"),
  QLinearConv: convolution(3),
  ConvTranspose: transposed,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
};
