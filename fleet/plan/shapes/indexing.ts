import { dataType, int, text } from "../onnx/index.ts";
import { axisOf, type Dim, type Dims, dimsOf, type Inference, shaped, valuesOf } from "./fact.ts";

/** One slice of the data per tuple of indices. */
const gatherND: Inference = (context) => {
  const [data, indices] = [dimsOf(context, 0), dimsOf(context, 1)];
  const depth = indices?.[indices.length - 1];
  if (!data || !indices || typeof depth !== "number") return [shaped(context, null)];
  const rest = data.slice(int(context.node, "batch_dims", 0) + depth);
  return [shaped(context, [...indices.slice(0, -1), ...rest])];
};

/** Shaped as the indices are. */
const gatherElements: Inference = (context) => [shaped(context, dimsOf(context, 1))];

const likeFirst: Inference = (context) => [shaped(context, dimsOf(context, 0))];

const eyeLike: Inference = (context) => {
  const said = int(context.node, "dtype", 0);
  return [shaped(context, dimsOf(context, 0), said === 0 ? undefined : dataType(said))];
};

const oneHot: Inference = (context) => {
  const indices = dimsOf(context, 0);
  const type = context.inputs[2]?.type ?? "unknown";
  if (!indices) return [shaped(context, null, type)];
  const axis = axisOf(context, int(context.node, "axis", -1), indices.length + 1);
  const depth = valuesOf(context, 1)?.[0] ?? null;
  return [shaped(context, [...indices.slice(0, axis), depth, ...indices.slice(axis)], type)];
};

/** How many elements are not zero is known only when they are. */
const nonZero: Inference = (context) => {
  const [input, values] = [dimsOf(context, 0), valuesOf(context, 0)];
  const count = values ? values.filter((value) => value !== 0).length : null;
  return [shaped(context, [input ? Math.max(1, input.length) : null, count], "int64")];
};

/** A sum over named axes: the names on the right of the arrow give the shape. */
const einsum: Inference = (context) => {
  const inputs = context.node.inputs.map((_, at) => dimsOf(context, at));
  return [shaped(context, axisSizes(text(context.node, "equation", ""), inputs).out)];
};

export interface AxisSizes {
  /** By name; axes that an ellipsis stands for are named `.0`, `.1`, … */
  sizes: ReadonlyMap<string, Dim>;
  /** Dimensions of the result; null when not even the rank is known. */
  out: Dim[] | null;
}

/** Sizes of the axes that the equation of an Einsum names. */
export function axisSizes(equation: string, inputs: readonly (Dims | null)[]): AxisSizes {
  const [left = "", right] = equation.replace(/\s/g, "").split("->");
  const terms = left.split(",");
  const sizes = new Map<string, Dim>();
  let open: Dim[] | null = [];
  terms.forEach((term, at) => {
    const dims = inputs[at] ?? null;
    if (!dims) open = null;
    const [head = "", tail] = term.split("...");
    const rank = dims?.length ?? 0;
    [...head].forEach((name, place) => note(sizes, name, dims?.[place] ?? null));
    [...(tail ?? "")].forEach((name, place) =>
      note(sizes, name, dims?.[rank - (tail ?? "").length + place] ?? null),
    );
    const middle = tail === undefined ? [] : (dims?.slice(head.length, rank - tail.length) ?? []);
    if (open && middle.length >= open.length) open = longer(open, middle);
  });
  const names = right ?? implied(terms);
  const [before = "", after] = names.split("...");
  const sizeOf = (name: string): Dim => sizes.get(name) ?? null;
  const whole = [...before].map(sizeOf);
  const between: readonly Dim[] | null = open;
  const out =
    after === undefined ? whole : between && [...whole, ...between, ...[...after].map(sizeOf)];
  const all = new Map(sizes);
  (between ?? []).forEach((dim, at) => all.set(`.${at}`, dim));
  return { sizes: all, out };
}

function note(sizes: Map<string, Dim>, name: string, size: Dim): void {
  const known = sizes.get(name) ?? null;
  if (known === null || known === 1) sizes.set(name, size ?? known);
}

function longer(open: readonly Dim[], middle: readonly Dim[]): Dim[] {
  const shift = middle.length - open.length;
  return middle.map((dim, at) => (dim === 1 ? (open[at - shift] ?? dim) : dim));
}

/** Without an arrow: what stands for several axes first, then every name that occurs once, sorted. */
function implied(terms: readonly string[]): string {
  const all = [...terms.join("").replaceAll(".", "")];
  const once = all.filter((name) => all.indexOf(name) === all.lastIndexOf(name)).sort();
  return (terms.some((term) => term.includes("...")) ? "..." : "") + once.join("");
}

const deformConv: Inference = (context) => {
  const [input, filters, offsets] = [0, 1, 2].map((at) => dimsOf(context, at));
  if (!input || !filters) return [shaped(context, null)];
  // The offsets have one pair per position of the output.
  const spatial = offsets?.slice(2) ?? input.slice(2).map(() => null);
  return [shaped(context, [input[0] ?? null, filters[0] ?? null, ...spatial])];
};

/** Operators that pick or place elements by index, or contract by the names of axes. */
export const INDEXING: Readonly<Record<string, Inference>> = {
  GatherND: gatherND,
  GatherElements: gatherElements,
  Scatter: likeFirst,
  ScatterND: likeFirst,
  ScatterElements: likeFirst,
  Trilu: likeFirst,
  EyeLike: eyeLike,
  OneHot: oneHot,
  NonZero: nonZero,
  Einsum: einsum,
  DeformConv: deformConv,
};
