import { int, ints, LIMITS, type OnnxNode, tensor, tensorValues } from "../onnx/index.ts";
import {
  axisOf,
  contradiction,
  type Dim,
  type Dims,
  dimsOf,
  type Fact,
  fromFront,
  type Inference,
  known,
  type NodeContext,
  product,
  productOf,
  shaped,
  valuesOf,
} from "./fact.ts";
import { everyPosition, pick } from "./pick.ts";

/** Axes as attribute (older operator sets) or as input `at` (newer ones). */
export function axesOf({ node, ...context }: NodeContext, at: number): readonly number[] | null {
  return ints(node, "axes") ?? valuesOf({ node, ...context }, at);
}

function keepingValues(context: NodeContext, dims: Dims | null): Fact[] {
  return [{ ...shaped(context, dims), values: valuesOf(context, 0) }];
}

const reshape: Inference = (context) => {
  const [input, wanted] = [dimsOf(context, 0), valuesOf(context, 1)];
  const said = ints(context.node, "shape") ?? wanted;
  if (!said) {
    const rank = dimsOf(context, 1)?.[0];
    return [
      shaped(
        context,
        typeof rank === "number" ? Array<Dim>(Math.min(rank, LIMITS.rank)).fill(null) : null,
      ),
    ];
  }
  const keepsZero = int(context.node, "allowzero", 0) === 1;
  const dims = said.map((dim, at): Dim => (dim === 0 && !keepsZero ? (input?.[at] ?? null) : dim));
  const open = dims.indexOf(-1);
  if (open !== -1)
    dims[open] = remainder(
      input,
      dims.filter((_, at) => at !== open),
    );
  const [before, after] = [input ? productOf(input) : null, productOf(dims)];
  if (before !== null && after !== null && before !== after)
    throw contradiction(context, `${before} elements cannot have the shape ${said.join("×")}`);
  return keepingValues(context, dims);
};

function remainder(input: Dims | null, others: Dims): Dim {
  const [total, used] = [input ? productOf(input) : null, productOf(others)];
  return total === null || used === null || used === 0 ? null : Math.floor(total / used);
}

const flatten: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, [null, null])];
  const axis = fromFront(int(context.node, "axis", 1), input.length);
  return keepingValues(context, [productOf(input.slice(0, axis)), productOf(input.slice(axis))]);
};

const transpose: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, null)];
  const order = ints(context.node, "perm") ?? input.map((_, at) => input.length - 1 - at);
  if (order.length !== input.length || input.some((_, at) => !order.includes(at)))
    throw contradiction(context, `${order.join(", ")} is no order of ${input.length} axes`);
  const values = valuesOf(context, 0);
  const turned = values && known(input) ? pick(values, input, everyPosition(input), order) : null;
  return [
    {
      ...shaped(
        context,
        order.map((at) => input[at] ?? null),
      ),
      values: turned,
    },
  ];
};

const squeeze: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, null)];
  const axes = axesOf(context, 1)?.map((axis) => axisOf(context, axis, input.length));
  return keepingValues(
    context,
    input.filter((dim, at) => (axes ? !axes.includes(at) : dim !== 1)),
  );
};

const unsqueeze: Inference = (context) => {
  const [input, said] = [dimsOf(context, 0), axesOf(context, 1)];
  if (!input || !said) return [shaped(context, null)];
  const rank = input.length + said.length;
  const axes = said.map((axis) => axisOf(context, axis, rank));
  const rest = [...input];
  return keepingValues(
    context,
    Array.from({ length: rank }, (_, at) => (axes.includes(at) ? 1 : (rest.shift() ?? null))),
  );
};

const concat: Inference = (context) => {
  const all = context.inputs.map((input) => input?.dims ?? null);
  const [first] = all;
  if (!first || all.some((dims) => dims === null)) return [shaped(context, first ?? null)];
  const axis = axisOf(context, int(context.node, "axis", 1), first.length);
  const along = all.map((dims) => dims?.[axis] ?? null);
  const length = along.includes(null)
    ? null
    : along.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const dims = first.map((_, at) => (at === axis ? length : commonSize(context, all, at)));
  return [{ ...shaped(context, dims), values: first.length === 1 ? joined(context) : null }];
};

/** Size of an axis along which nothing is joined: all operands must have the same. */
function commonSize(context: NodeContext, all: readonly (Dims | null)[], axis: number): Dim {
  const [size = null, other] = new Set(
    all.map((dims) => dims?.[axis]).filter((one) => one != null),
  );
  if (other !== undefined)
    throw contradiction(context, `operands of ${size} and ${other} along axis ${axis} do not join`);
  return size;
}

function joined({ inputs }: NodeContext): number[] | null {
  const lengths = inputs.map((input) => input?.values?.length ?? Number.POSITIVE_INFINITY);
  if (lengths.reduce((sum, one) => sum + one, 0) > LIMITS.foldedElements) return null;
  return inputs.flatMap((input) => [...(input?.values ?? [])]);
}

interface SliceAxes {
  starts: readonly number[];
  ends: readonly number[];
  axes: readonly number[];
  steps: readonly number[];
}

/** Bounds of a Slice: attributes before operator set 10, inputs since; null when they are not constant. */
export function sliceAxes(context: NodeContext): SliceAxes | null {
  const starts = ints(context.node, "starts") ?? valuesOf(context, 1);
  const ends = ints(context.node, "ends") ?? valuesOf(context, 2);
  if (!starts || !ends) return null;
  const axes = ints(context.node, "axes") ?? valuesOf(context, 3) ?? starts.map((_, at) => at);
  return { starts, ends, axes, steps: valuesOf(context, 4) ?? starts.map(() => 1) };
}

const slice: Inference = (context) => {
  const [input, bounds] = [dimsOf(context, 0), sliceAxes(context)];
  if (!input) return [shaped(context, null)];
  if (!bounds)
    return [
      shaped(
        context,
        input.map(() => null),
      ),
    ];
  const dims = [...input];
  bounds.axes.forEach((said, at) => {
    const axis = axisOf(context, said, input.length);
    const [range] = rangeOf(input[axis] ?? null, bounds, at);
    dims[axis] = range === null ? null : range.length;
  });
  return [{ ...shaped(context, dims), values: slicedValues(context, bounds) }];
};

/** Positions that a slice takes along one axis; null when the length is not known. */
function rangeOf(length: Dim, bounds: SliceAxes, at: number): [number[] | null] {
  if (length === null || length > LIMITS.dimension) return [null];
  const step = bounds.steps[at] ?? 1;
  const clamp = (value: number, low: number, high: number): number =>
    Math.max(low, Math.min(high, value));
  const place = (value: number): number => (value < 0 ? value + length : value);
  const [from, to] =
    step > 0
      ? [
          clamp(place(bounds.starts[at] ?? 0), 0, length),
          clamp(place(bounds.ends[at] ?? 0), 0, length),
        ]
      : [
          clamp(place(bounds.starts[at] ?? 0), 0, length - 1),
          clamp(place(bounds.ends[at] ?? 0), -1, length - 1),
        ];
  const count = step === 0 ? 0 : Math.max(0, Math.ceil((to - from) / step));
  if (count > LIMITS.foldedElements) return [{ length: count } as number[]];
  return [Array.from({ length: count }, (_, one) => from + one * step)];
}

function slicedValues(context: NodeContext, bounds: SliceAxes): number[] | null {
  const [values, dims] = [valuesOf(context, 0), dimsOf(context, 0)];
  if (!values || !known(dims)) return null;
  const positions = everyPosition(dims);
  bounds.axes.forEach((said, at) => {
    const axis = axisOf(context, said, dims.length);
    positions[axis] = rangeOf(dims[axis] ?? null, bounds, at)[0] ?? [];
  });
  return pick(values, dims, positions);
}

const split: Inference = (context) => {
  const input = dimsOf(context, 0);
  const count = context.node.outputs.length;
  if (!input) return context.node.outputs.map(() => shaped(context, null));
  const axis = axisOf(context, int(context.node, "axis", 0), input.length);
  const length = input[axis] ?? null;
  const said = ints(context.node, "split") ?? valuesOf(context, 1);
  const share = length === null ? null : Math.ceil(length / count);
  return context.node.outputs.map((_, at) => {
    const even = share === null || length === null ? null : Math.min(share, length - share * at);
    const size = said?.[at] ?? even;
    return shaped(
      context,
      input.map((dim, one) => (one === axis ? size : dim)),
    );
  });
};

const gather: Inference = (context) => {
  const [input, indices] = [dimsOf(context, 0), dimsOf(context, 1)];
  if (!input || !indices) return [shaped(context, null)];
  const axis = axisOf(context, int(context.node, "axis", 0), input.length);
  const dims = [...input.slice(0, axis), ...indices, ...input.slice(axis + 1)];
  const [values, at] = [valuesOf(context, 0), valuesOf(context, 1)];
  const picked =
    values && at && input.length === 1
      ? at.map((index) => values[fromFront(index, values.length)] ?? 0)
      : null;
  return [{ ...shaped(context, dims), values: picked }];
};

const expand: Inference = (context) => {
  const [input, wanted] = [dimsOf(context, 0), shapeAt(context, 1)];
  if (!input || !wanted) return [shaped(context, null)];
  const rank = Math.max(input.length, wanted.length);
  const dims = Array.from({ length: rank }, (_, at): Dim => {
    const own = input[at - (rank - input.length)] ?? 1;
    const said = wanted[at - (rank - wanted.length)] ?? 1;
    return said === 1 ? own : said;
  });
  const [only] = valuesOf(context, 0) ?? [];
  const repeated =
    valuesOf(context, 0)?.length === 1 && known(dims) && product(dims) <= LIMITS.foldedElements;
  return [
    {
      ...shaped(context, dims),
      values: repeated ? Array<number>(product(dims)).fill(only ?? 0) : null,
    },
  ];
};

const tile: Inference = (context) => {
  const [input, repeats] = [dimsOf(context, 0), valuesOf(context, 1)];
  if (!input) return [shaped(context, null)];
  return [
    shaped(
      context,
      input.map((dim, at) => (dim === null || !repeats ? null : dim * (repeats[at] ?? 1))),
    ),
  ];
};

const pad: Inference = (context) => {
  const input = dimsOf(context, 0);
  const pads = ints(context.node, "pads") ?? valuesOf(context, 1);
  if (!input) return [shaped(context, null)];
  const axes =
    valuesOf(context, 3)?.map((axis) => axisOf(context, axis, input.length)) ??
    input.map((_, at) => at);
  return [
    shaped(
      context,
      input.map((dim, at) => {
        const place = axes.indexOf(at);
        if (place === -1 || dim === null) return dim;
        return pads ? dim + (pads[place] ?? 0) + (pads[place + axes.length] ?? 0) : null;
      }),
    ),
  ];
};

const blocks =
  (deeper: boolean): Inference =>
  (context) => {
    const input = dimsOf(context, 0);
    const size = int(context.node, "blocksize", 1);
    if (input?.length !== 4) return [shaped(context, null)];
    const [n = null, c = null, h = null, w = null] = input;
    const scale = (dim: Dim, factor: number): Dim => (dim === null ? null : dim * factor);
    const factor = deeper ? 1 / size : size;
    return [shaped(context, [n, scale(c, 1 / factor ** 2), scale(h, factor), scale(w, factor)])];
  };

const shapeOf: Inference = (context) => {
  const input = dimsOf(context, 0);
  const all = input ?? [];
  const from = fromFront(int(context.node, "start", 0), all.length);
  const to = fromFront(int(context.node, "end", all.length), all.length);
  const part = all.slice(from, to);
  const values = input && known(part) ? part : null;
  return [
    { type: "int64", dims: input ? [part.length] : [null], constant: values !== null, values },
  ];
};

const constant: Inference = ({ node }) => {
  const value = tensor(node, "value");
  if (value)
    return [{ type: value.type, dims: value.dims, constant: true, values: tensorValues(value) }];
  return [scalarConstant(node)];
};

function scalarConstant(node: OnnxNode): Fact {
  const of = (type: Fact["type"], values: readonly number[], dims: Dims): Fact => ({
    type,
    dims,
    constant: true,
    values,
  });
  const {
    value_int: one,
    value_float: real,
    value_ints: many,
    value_floats: reals,
  } = node.attributes;
  if (one?.kind === "int") return of("int64", [one.value], []);
  if (real?.kind === "float") return of("float32", [real.value], []);
  if (many?.kind === "ints") return of("int64", many.value, [many.value.length]);
  if (reals?.kind === "floats") return of("float32", reals.value, [reals.value.length]);
  return { type: "unknown", dims: null, constant: true, values: null };
}

/** Known elements of an input that says a shape. */
function shapeAt(context: NodeContext, at: number): readonly number[] | null {
  const wanted = valuesOf(context, at);
  if (wanted?.some((dim) => !Number.isInteger(dim) || dim < 0))
    throw contradiction(context, `${wanted.join("×")} is no shape`);
  return wanted;
}

const constantOfShape: Inference = (context) => {
  const wanted = shapeAt(context, 0);
  const value = tensor(context.node, "value");
  const [fill = 0] = value ? (tensorValues(value) ?? []) : [0];
  const small = wanted && product(wanted) <= LIMITS.foldedElements;
  const values = small ? Array<number>(product(wanted)).fill(fill) : null;
  return [{ ...shaped(context, wanted, value?.type ?? "float32"), values }];
};

const range: Inference = (context) => {
  const [from, to, step] = [0, 1, 2].map((at) => valuesOf(context, at)?.[0]);
  if (from === undefined || to === undefined || !step) return [shaped(context, [null])];
  const count = Math.max(0, Math.ceil((to - from) / step));
  const values =
    count <= LIMITS.foldedElements
      ? Array.from({ length: count }, (_, at) => from + at * step)
      : null;
  return [{ ...shaped(context, [count]), values }];
};

const same: Inference = (context) => keepingValues(context, dimsOf(context, 0));

const size: Inference = (context) => {
  const input = dimsOf(context, 0);
  const count = input ? productOf(input) : null;
  return [
    { type: "int64", dims: [], constant: count !== null, values: count === null ? null : [count] },
  ];
};

export const LAYOUT: Readonly<Record<string, Inference>> = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Slice: slice,
  Split: split,
  Gather: gather,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: blocks(false),
  SpaceToDepth: blocks(true),
  Shape: shapeOf,
  Size: size,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Identity: same,
};
