import type { Layer } from "../layers/index.ts";
import { bufferNeed } from "./conv-buffer.ts";
import { type DlaRule, list, outside } from "./rule.ts";

const CONV = ["convolution"] as const;
const DECONV = ["deconvolution"] as const;
const POOL = ["pooling"] as const;

const kernel = (layer: Layer): readonly number[] => layer.window?.kernel ?? [];
const stride = (layer: Layer): readonly number[] => layer.window?.stride ?? [];
const dilation = (layer: Layer): readonly number[] => layer.window?.dilation ?? [];
const padding = (layer: Layer): readonly number[] => [
  ...(layer.window?.before ?? []),
  ...(layer.window?.after ?? []),
];
const channelsOut = (layer: Layer): number => layer.outputs[0]?.dims[1] ?? 0;

function range(
  what: string,
  values: (layer: Layer) => readonly number[],
  low: number,
  high: number,
): DlaRule["objects"] {
  return (layer) =>
    outside(values(layer), low, high)
      ? `${what} ${list(values(layer))} is outside ${low} to ${high}`
      : null;
}

const STRIDE_64 = [64, 96, 128];

/** Longer deconvolution kernels exist in one dimension only. */
function deconvSize(what: string, values: (layer: Layer) => readonly number[]): DlaRule["objects"] {
  return (layer) => {
    const [height = 1, width = 1] = values(layer);
    const long = STRIDE_64.includes(height) && width === 1;
    return long || !outside([height, width], 1, 32)
      ? null
      : `${what} ${height}×${width} is outside 1 to 32`;
  };
}

/** Rules of convolution, deconvolution and pooling. */
export const WINDOW_RULES: readonly DlaRule[] = [
  {
    id: "dla.conv.spatial-rank",
    kinds: ["convolution", "deconvolution", "pooling"],
    objects: (layer) =>
      kernel(layer).length === 2
        ? null
        : `${kernel(layer).length} spatial dimensions where DLA has 2`,
    source: "header",
  },
  {
    id: "dla.conv.kernel",
    kinds: CONV,
    before: 701,
    objects: range("kernel", kernel, 1, 16),
    source: "header",
  },
  {
    id: "dla.conv.kernel",
    kinds: CONV,
    since: 701,
    objects: range("kernel", kernel, 1, 32),
    source: "header",
  },
  { id: "dla.conv.stride", kinds: CONV, objects: range("stride", stride, 1, 8), source: "header" },
  {
    id: "dla.conv.padding",
    kinds: CONV,
    before: 701,
    objects: range("padding", padding, 0, 15),
    source: "header",
  },
  {
    id: "dla.conv.padding",
    kinds: CONV,
    since: 701,
    objects: range("padding", padding, 0, 31),
    source: "header",
  },
  {
    id: "dla.conv.padding-below-kernel",
    kinds: CONV,
    since: 701,
    objects: (layer) => {
      const sizes = [...kernel(layer), ...kernel(layer)];
      const wide = padding(layer).some((pad, at) => pad >= (sizes[at] ?? 0) && pad > 0);
      return wide
        ? `padding ${list(padding(layer))} is not below the kernel ${list(kernel(layer))}`
        : null;
    },
    source: "header",
  },
  {
    id: "dla.conv.dilation",
    kinds: CONV,
    since: 701,
    objects: range("dilation", dilation, 1, 32),
    source: "header",
  },
  {
    id: "dla.conv.groups",
    kinds: CONV,
    since: 701,
    objects: ({ groups = 1 }) => (groups > 8192 ? `${groups} groups, more than 8192` : null),
    source: "header",
  },
  {
    id: "dla.conv.outputs",
    kinds: ["convolution", "deconvolution"],
    objects: (layer) =>
      channelsOut(layer) > 8192 ? `${channelsOut(layer)} output maps, more than 8192` : null,
    source: "header",
  },
  {
    id: "dla.conv.buffer",
    kinds: CONV,
    objects: (layer, { precision }) => {
      const need = bufferNeed(layer, precision);
      if (need === null || need.fits) return null;
      return `${need.weightBanks} weight banks and ${need.dataBanks} data banks exceed the 16 of the convolution buffer`;
    },
    remedy: (layer, { precision }) => {
      const smaller = precision === "fp16" ? bufferNeed(layer, "int8") : null;
      return smaller?.fits ? "INT8 halves the need and fits" : null;
    },
    source: "guide",
  },
  {
    id: "dla.deconv.kernel",
    kinds: DECONV,
    before: 701,
    objects: range("kernel", kernel, 1, 16),
    source: "header",
  },
  {
    id: "dla.deconv.kernel",
    kinds: DECONV,
    since: 701,
    objects: deconvSize("kernel", kernel),
    source: "header",
  },
  {
    id: "dla.deconv.stride",
    kinds: DECONV,
    before: 701,
    objects: range("stride", stride, 1, 8),
    source: "header",
  },
  {
    id: "dla.deconv.stride",
    kinds: DECONV,
    since: 701,
    objects: deconvSize("stride", stride),
    source: "header",
  },
  {
    id: "dla.deconv.stride-is-kernel",
    kinds: DECONV,
    since: 802,
    before: 804,
    objects: (layer) =>
      list(stride(layer)) === list(kernel(layer))
        ? null
        : `stride ${list(stride(layer))} differs from the kernel ${list(kernel(layer))}`,
    source: "header",
  },
  {
    id: "dla.deconv.padding",
    kinds: DECONV,
    before: 701,
    objects: range("padding", padding, 0, 15),
    source: "header",
  },
  {
    id: "dla.deconv.padding",
    kinds: DECONV,
    since: 701,
    objects: (layer) =>
      padding(layer).some((pad) => pad !== 0) ? `padding ${list(padding(layer))} is not 0` : null,
    source: "header",
  },
  {
    id: "dla.deconv.groups",
    kinds: DECONV,
    since: 701,
    objects: ({ groups = 1 }) => (groups === 1 ? null : `${groups} groups where DLA has 1`),
    source: "header",
  },
  {
    id: "dla.deconv.dilation",
    kinds: DECONV,
    since: 804,
    objects: (layer) =>
      dilation(layer).some((one) => one !== 1)
        ? `dilation ${list(dilation(layer))} is not 1`
        : null,
    source: "guide",
  },
  {
    id: "dla.deconv.square-large",
    kinds: DECONV,
    since: 804,
    objects: (layer) => {
      const [height = 0, width = 0] = kernel(layer);
      const square = height === width && list(stride(layer)) === list(kernel(layer));
      return square && height >= 23 && height <= 32
        ? `square kernel and stride ${height} are disabled from 23 to 32`
        : null;
    },
    source: "guide",
  },
  {
    id: "dla.pool.window",
    kinds: POOL,
    objects: (layer) =>
      outside(kernel(layer), 1, 8) ? `pool window ${list(kernel(layer))} exceeds 8×8` : null,
    remedy: (layer) => poolRemedy(layer),
    source: "header",
  },
  { id: "dla.pool.stride", kinds: POOL, objects: range("stride", stride, 1, 16), source: "header" },
  {
    id: "dla.pool.padding",
    kinds: POOL,
    objects: range("padding", padding, 0, 7),
    source: "header",
  },
  {
    id: "dla.pool.dilation",
    kinds: POOL,
    objects: (layer) =>
      dilation(layer).some((one) => one !== 1)
        ? `dilated pooling (${list(dilation(layer))})`
        : null,
    source: "silent",
  },
  {
    id: "dla.pool.exclusive-padding",
    kinds: POOL,
    since: 701,
    objects: (layer, { generation, trt }) => {
      const exclusive =
        layer.poolType === "average" &&
        !layer.countsPadding &&
        padding(layer).some((pad) => pad > 0);
      return exclusive && !(generation === 2 && trt >= 804)
        ? "the mean leaves padding out, which DLA counts"
        : null;
    },
    source: "header",
  },
];

/**
 * A max pooling of stride 1 equals several smaller ones in a row: 9×9 is two of 5×5. Padding divides as the window does,
 * because what lies outside never is the largest.
 */
function poolRemedy(layer: Layer): string | null {
  const [size = 0, width = 0] = kernel(layer);
  const plain = [...stride(layer), ...dilation(layer)].every((one) => one === 1);
  const [pad = 0, ...others] = padding(layer);
  const even = others.every((one) => one === pad) && (pad === 0 || pad === (size - 1) / 2);
  if (layer.poolType !== "max" || !plain || !even || size !== width || size % 2 === 0) return null;
  const parts = smallerWindows(size).map(
    (part) => `${part}×${part}${pad === 0 ? "" : ` (padding ${(part - 1) / 2})`}`,
  );
  return `replace it by max poolings of stride 1 of ${parts.join(" then ")}, which give the same result`;
}

/** Odd windows of at most 7 that reach as far as one of `size`, as equal as can be. */
function smallerWindows(size: number): number[] {
  const count = Math.ceil((size - 1) / 6);
  const sizes: number[] = [];
  for (let rest = size - 1; sizes.length < count; ) {
    const part = 2 * Math.ceil(rest / 2 / (count - sizes.length));
    sizes.push(part + 1);
    rest -= part;
  }
  return sizes;
}
