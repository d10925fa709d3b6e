import type { Layer, LayerTensor } from "../layers/index.ts";
import { type FusionRules, type Group, isDepthwise, MATRIX, type Wiring } from "./group.ts";
import { BYTES } from "./hardware.ts";

/** Elements that TensorRT-RTX moves in launches of their own, so that convolutions can read them. */
export function layoutCopies(
  groups: readonly Group[],
  wiring: Wiring,
  rules: FusionRules,
): number[] {
  const products = groups.filter(([first]) => first !== undefined && MATRIX.has(first.kind));
  const heads = products.flatMap(([first]) => first ?? []);
  const pack = packOf(rules);
  return [
    ...entering(heads, wiring).map((one) => size(one) + packed(one, pack)),
    ...leaving(products, wiring).map((one) => 2 * size(one)),
    ...(rules.arch === "turing" ? filled(products, pack) : []),
  ];
}

/**
 * For Turing the groups of a depthwise convolution are filled up to packs, so that one of 16 channels is made of 128
 * in FP16; and what it makes has to be filled up for others where its channels are no whole packs. Kernels that are
 * generated fill up what they make.
 */
function filled(products: readonly Group[], pack: number): number[] {
  const makers = new Map(
    products.flatMap((group) =>
      group.flatMap(({ outputs }) => outputs.map(({ name }) => [name, group[0]] as const)),
    ),
  );
  return products.flatMap(([head]) => {
    const input = head?.inputs[0];
    const maker = makers.get(input?.name ?? "");
    if (!head || !input || !maker) return [];
    // The convolution then reads what was written, instead of its input.
    if (isDepthwise(head)) return [2 * pack * size(input)];
    const isWhole = (input.dims[1] ?? 0) % pack === 0;
    return isDepthwise(maker) && !isWhole ? [size(input) + packed(input, pack)] : [];
  });
}

/** Elements of 16 bytes for Turing, and of 8 for Ada. */
function packOf({ arch, precision }: FusionRules): number {
  return (arch === "turing" ? 16 : 8) / BYTES[precision];
}

/** Pictures that come in and that a product reads. */
function entering(heads: readonly Layer[], { makers }: Wiring): LayerTensor[] {
  const read = heads.flatMap(({ inputs }) => inputs);
  const pictures = read.filter(({ name, dims }) => dims.length === 4 && !makers.has(name));
  return [...new Map(pictures.map((one) => [one.name, one])).values()];
}

/** Pictures that go out as a product makes them. */
function leaving(products: readonly Group[], { users }: Wiring): LayerTensor[] {
  const made = products.flatMap((group) => group.flatMap(({ outputs }) => outputs));
  return made.filter(({ name, dims }) => dims.length === 4 && !users.has(name));
}

/** Elements of a picture whose channels are filled up to whole packs. */
function packed(tensor: LayerTensor, pack: number): number {
  const channels = tensor.dims[1] ?? 1;
  return (size(tensor) * Math.ceil(channels / pack) * pack) / Math.max(1, channels);
}

function size({ dims }: LayerTensor): number {
  return dims.reduce((all, dim) => all * Math.max(1, dim), 1);
}
