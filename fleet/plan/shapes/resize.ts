import { floats, ints, text } from "../onnx/index.ts";
import {
  axisOf,
  type Dim,
  type Dims,
  dimsOf,
  type Inference,
  type NodeContext,
  shaped,
  valuesOf,
} from "./fact.ts";

/** Figures for the axes that the node names (operator set 18), with `otherwise` for all others. */
function perAxis(
  context: NodeContext,
  input: Dims | null,
  said: readonly number[],
  otherwise: (at: number) => number | null,
): (number | null)[] {
  const axes = ints(context.node, "axes")?.map((axis) =>
    axisOf(context, axis, input?.length ?? said.length),
  );
  if (!axes) return [...said];
  const rank = input?.length ?? said.length;
  return Array.from({ length: rank }, (_, at) => {
    const place = axes.indexOf(at);
    return place === -1 ? otherwise(at) : (said[place] ?? null);
  });
}

/** Sizes that the node asks for; from operator set 18 on it may keep the proportions instead. */
function sizesOf(context: NodeContext, input: Dims | null): Dims | null {
  const said = valuesOf(context, 3);
  if (!said || said.length === 0) return null;
  const sizes = perAxis(context, input, said, (at) => input?.[at] ?? null);
  const policy = text(context.node, "keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch" || !input) return sizes;
  const axes = ints(context.node, "axes")?.map((axis) => axisOf(context, axis, input.length));
  const asked = (axes ?? input.map((_, at) => at)).filter((at) => input[at]);
  const ratios = asked.map((at) => (sizes[at] ?? 0) / (input[at] ?? 1));
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return input.map((dim, at) =>
    asked.includes(at) && dim !== null ? Math.round(dim * scale) : dim,
  );
}

/** Scale factors of a Resize or Upsample, one per axis; null when they are not constant. */
export function scalesOf(context: NodeContext): readonly number[] | null {
  const input = dimsOf(context, 0);
  const sizes = sizesOf(context, input);
  if (sizes) return sizes.map((size, at) => (size ?? 0) / (input?.[at] ?? size ?? 1));
  const said = floats(context.node, "scales");
  if (said) return said;
  const second = valuesOf(context, context.opset >= 11 && context.node.op === "Resize" ? 2 : 1);
  if (!second || second.length === 0) return null;
  return perAxis(context, input, second, () => 1).map((scale) => scale ?? 1);
}

const resize: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, null)];
  const sizes = sizesOf(context, input);
  if (sizes) return [shaped(context, sizes)];
  const scales = scalesOf(context);
  // Runtimes multiply in float32: 3 × ⅓ is 1 there.
  const dims = input.map(
    (dim, at): Dim =>
      dim === null || !scales ? null : Math.floor(Math.fround(dim * Math.fround(scales[at] ?? 1))),
  );
  return [shaped(context, dims)];
};

export const RESIZE: Readonly<Record<string, Inference>> = { Resize: resize, Upsample: resize };
