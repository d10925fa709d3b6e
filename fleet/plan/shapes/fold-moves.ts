import { int, ints, text } from "../onnx/index.ts";
import { fromFront } from "./fact.ts";
import { axesOf } from "./layout.ts";
import { at, build, type Fold, moved, type Operand, placeOf } from "./tensor.ts";

/** One output whose elements are all those of the first input, somewhere. */
const picking =
  (
    from: (
      index: readonly number[],
      input: Operand,
      others: readonly (Operand | null)[],
      node: Parameters<Fold>[2],
    ) => readonly number[] | null,
    otherwise = 0,
  ): Fold =>
  ([input, ...others], [dims = []], context) => {
    if (!input) return [null];
    return [
      build(dims, (index) => {
        const source = from(index, input, others, context);
        return source === null ? otherwise : at(input, source);
      }),
    ];
  };

const split: Fold = ([input], outputs, { node }) => {
  if (!input) return outputs.map(() => null);
  const axis = fromFront(int(node, "axis", 0), input.dims.length);
  let start = 0;
  return outputs.map((dims) => {
    const from = start;
    start += dims[axis] ?? 0;
    return build(dims, (index) => at(input, moved(index, axis, from + (index[axis] ?? 0))));
  });
};

const concat: Fold = (inputs, [dims = []], { node }) => {
  const parts = inputs.flatMap((one) => one ?? []);
  const axis = fromFront(int(node, "axis", 1), dims.length);
  const made = build(dims, (index) => {
    let position = index[axis] ?? 0;
    for (const part of parts) {
      const length = part.dims[axis] ?? 0;
      if (position < length) return at(part, moved(index, axis, position));
      position -= length;
    }
    return 0;
  });
  return [made];
};

const gather = picking((index, input, [indices], { node }) => {
  const axis = fromFront(int(node, "axis", 0), input.dims.length);
  const rank = indices?.dims.length ?? 0;
  const chosen = indices ? at(indices, index.slice(axis, axis + rank)) : 0;
  const position = fromFront(chosen, input.dims[axis] ?? 0);
  return [...index.slice(0, axis), position, ...index.slice(axis + rank)];
});

const gatherElements = picking((index, input, [indices], { node }) => {
  const axis = fromFront(int(node, "axis", 0), input.dims.length);
  const position = indices ? at(indices, index) : 0;
  return moved(index, axis, fromFront(position, input.dims[axis] ?? 0));
});

const gatherND = picking((index, input, [indices], { node }) => {
  const batch = int(node, "batch_dims", 0);
  const depth = indices?.dims[indices.dims.length - 1] ?? 0;
  const rank = (indices?.dims.length ?? 1) - 1;
  const tuple = Array.from({ length: depth }, (_, place) =>
    fromFront(
      indices ? at(indices, [...index.slice(0, rank), place]) : 0,
      input.dims[batch + place] ?? 0,
    ),
  );
  return [...index.slice(0, batch), ...tuple, ...index.slice(rank)];
});

const REDUCTIONS: Readonly<Record<string, (old: number, update: number) => number>> = {
  none: (_old, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

const scatterElements: Fold = ([data, indices, updates], [dims = []], { node }) => {
  const reduce = REDUCTIONS[text(node, "reduction", "none")];
  if (!data || !indices || !updates || !reduce) return [null];
  const axis = fromFront(int(node, "axis", 0), dims.length);
  const made = [...data.values];
  build(indices.dims, (index) => {
    const place = placeOf(dims, moved(index, axis, fromFront(at(indices, index), dims[axis] ?? 0)));
    made[place] = reduce(made[place] ?? 0, at(updates, index));
    return 0;
  });
  return [made];
};

const scatterND: Fold = ([data, indices, updates], [dims = []], { node }) => {
  const reduce = REDUCTIONS[text(node, "reduction", "none")];
  if (!data || !indices || !updates || !reduce) return [null];
  const rank = indices.dims.length - 1;
  const depth = indices.dims[rank] ?? 0;
  const made = [...data.values];
  build(updates.dims, (index) => {
    const tuple = Array.from({ length: depth }, (_, place) =>
      fromFront(at(indices, [...index.slice(0, rank), place]), dims[place] ?? 0),
    );
    const place = placeOf(dims, [...tuple, ...index.slice(rank)]);
    made[place] = reduce(made[place] ?? 0, at(updates, index));
    return 0;
  });
  return [made];
};

/** Dimensions that are missing in front, or 1, are repeated. */
const repeated = picking((index, { dims }) =>
  dims.map((size, axis) => {
    const position = index[axis + index.length - dims.length] ?? 0;
    return size === 1 ? 0 : position % size;
  }),
);

const pad: Fold = ([input, said, value], [dims = []], context) => {
  const { node } = context;
  if (!input) return [null];
  const pads = ints(node, "pads") ?? said?.values ?? [];
  const axes = axesOf(context, 3) ?? dims.map((_, axis) => axis);
  const mode = text(node, "mode", "constant");
  const before = dims.map(
    (_, axis) => pads[axes.findIndex((one) => fromFront(one, dims.length) === axis)] ?? 0,
  );
  const fill = value?.values[0] ?? 0;
  const made = build(dims, (index) => {
    const source = index.map((position, axis) =>
      inside(position - (before[axis] ?? 0), input.dims[axis] ?? 0, mode),
    );
    return source.includes(-1) ? fill : at(input, source);
  });
  return [made];
};

/** Where an element outside comes from; -1 for the constant. */
function inside(position: number, length: number, mode: string): number {
  if (position >= 0 && position < length) return position;
  if (mode === "edge") return position < 0 ? 0 : length - 1;
  if (mode === "wrap") return ((position % length) + length) % length;
  if (mode !== "reflect" || length === 1) return mode === "reflect" ? 0 : -1;
  const period = 2 * (length - 1);
  const turned = ((position % period) + period) % period;
  return turned < length ? turned : period - turned;
}

const trilu: Fold = ([input, k], [dims = []], { node }) => {
  if (!input) return [null];
  const offset = k?.values[0] ?? 0;
  const upper = int(node, "upper", 1) === 1;
  const made = build(dims, (index) => {
    const distance = (index[dims.length - 1] ?? 0) - (index[dims.length - 2] ?? 0);
    return (upper ? distance >= offset : distance <= offset) ? at(input, index) : 0;
  });
  return [made];
};

const eyeLike: Fold = (_inputs, [dims = []], { node }) => {
  const offset = int(node, "k", 0);
  return [build(dims, ([row = 0, column = 0]) => (column - row === offset ? 1 : 0))];
};

const oneHot: Fold = ([indices, depth, values], [dims = []], { node }) => {
  if (!indices || !depth || !values) return [null];
  const axis = fromFront(int(node, "axis", -1), dims.length);
  const [off = 0, on = 1] = values.values;
  const made = build(dims, (index) => {
    const chosen = at(indices, [...index.slice(0, axis), ...index.slice(axis + 1)]);
    return fromFront(chosen, depth.values[0] ?? 0) === index[axis] ? on : off;
  });
  return [made];
};

/** Places of elements that are not zero, one row per axis. */
const nonZero: Fold = ([input], [dims = []]) => {
  if (!input) return [null];
  const found: number[][] = [];
  build(input.dims.length === 0 ? [1] : input.dims, (index) => {
    if (at(input, input.dims.length === 0 ? [] : index) !== 0) found.push([...index]);
    return 0;
  });
  return [build(dims, ([axis = 0, place = 0]) => found[place]?.[axis] ?? 0)];
};

const reverseSequence = picking((index, input, [lengths], { node }) => {
  const [time, batch] = [int(node, "time_axis", 0), int(node, "batch_axis", 1)];
  const length = lengths?.values[index[batch] ?? 0] ?? 0;
  const position = index[time] ?? 0;
  return position < length ? moved(index, time, length - 1 - position) : [...index];
});

const spaceToDepth = picking(([n = 0, c = 0, h = 0, w = 0], { dims }, _others, { node }) => {
  const size = int(node, "blocksize", 1);
  const channels = dims[1] ?? 1;
  const block = Math.floor(c / channels);
  return [n, c % channels, h * size + Math.floor(block / size), w * size + (block % size)];
});

const depthToSpace = picking(([n = 0, c = 0, h = 0, w = 0], { dims }, _others, { node }) => {
  const size = int(node, "blocksize", 1);
  const block = (h % size) * size + (w % size);
  const channels = (dims[1] ?? 1) / size ** 2;
  const from = text(node, "mode", "DCR") === "DCR" ? block * channels + c : c * size ** 2 + block;
  return [n, from, Math.floor(h / size), Math.floor(w / size)];
});

/** Folds of operators that only move elements. */
export const MOVES: Readonly<Record<string, Fold>> = {
  Split: split,
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  Tile: repeated,
  Expand: repeated,
  Pad: pad,
  Trilu: trilu,
  EyeLike: eyeLike,
  OneHot: oneHot,
  NonZero: nonZero,
  ReverseSequence: reverseSequence,
  SpaceToDepth: spaceToDepth,
  DepthToSpace: depthToSpace,
};
