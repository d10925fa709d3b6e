import { float, int, text } from "../onnx/index.ts";
import { fromFront, type NodeContext } from "./fact.ts";
import { axesOf } from "./layout.ts";
import { at, build, type Fold, moved, type Operand } from "./tensor.ts";

type Reduce = (values: readonly number[]) => number;

const sum: Reduce = (values) => values.reduce((all, one) => all + one, 0);
const squares = (values: readonly number[]): number => sum(values.map((one) => one * one));

const REDUCES: Readonly<Record<string, Reduce>> = {
  ReduceSum: sum,
  ReduceMean: (values) => sum(values) / values.length,
  ReduceMax: (values) => Math.max(...values),
  ReduceMin: (values) => Math.min(...values),
  ReduceProd: (values) => values.reduce((all, one) => all * one, 1),
  ReduceL1: (values) => sum(values.map(Math.abs)),
  ReduceL2: (values) => Math.sqrt(squares(values)),
  ReduceSumSquare: squares,
  ReduceLogSum: (values) => Math.log(sum(values)),
  ReduceLogSumExp: (values) => Math.log(sum(values.map(Math.exp))),
};

/** Groups of elements that become one, by the place that it has among the results. */
function groups(input: Operand, axes: readonly number[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  build(input.dims, (index) => {
    const key = index.filter((_, axis) => !axes.includes(axis)).join();
    const value = at(input, index);
    const group = found.get(key);
    if (group) group.push(value);
    else found.set(key, [value]);
    return 0;
  });
  return found;
}

/** Results of an operator that sums over axes, in the order of the others. */
const reducing =
  (reduce: Reduce, isWhole: boolean): Fold =>
  ([input], [dims = []], context) => {
    if (!input) return [null];
    const axes = reducedAxes(input, context);
    if (axes === null) return [[...input.values]];
    const kept = int(context.node, "keepdims", 1) === 1;
    const all = groups(input, axes);
    const round = isWhole && /^u?int/.test(context.inputs[0]?.type ?? "");
    const made = build(dims, (index) => {
      const key = kept ? index.filter((_, axis) => !axes.includes(axis)) : index;
      const value = reduce(all.get(key.join()) ?? []);
      return round ? Math.trunc(value) : value;
    });
    return [made];
  };

/** Null where nothing is summed. */
function reducedAxes({ dims }: Operand, context: NodeContext): number[] | null {
  const said = axesOf(context, 1);
  if (said && said.length > 0) return said.map((axis) => fromFront(axis, dims.length));
  return int(context.node, "noop_with_empty_axes", 0) === 1 ? null : dims.map((_, axis) => axis);
}

/** Of equal elements the first, or the last where that is asked for. */
const arg =
  (better: (a: number, b: number) => boolean): Fold =>
  ([input], [dims = []], { node }) => {
    if (!input) return [null];
    const axis = fromFront(int(node, "axis", 0), input.dims.length);
    const kept = int(node, "keepdims", 1) === 1;
    const last = int(node, "select_last_index", 0) === 1;
    const made = build(dims, (index) => {
      const base = kept ? [...index] : [...index.slice(0, axis), 0, ...index.slice(axis)];
      const along = line(input, base, axis);
      return along.reduce((best, value, place) => {
        const held = along[best] ?? 0;
        return better(value, held) || (last && value === held) ? place : best;
      }, 0);
    });
    return [made];
  };

function line(input: Operand, index: readonly number[], axis: number): number[] {
  return Array.from({ length: input.dims[axis] ?? 0 }, (_, place) =>
    at(input, moved(index, axis, place)),
  );
}

/** Something of each line along an axis, worked out once a line. */
function ofLines<T>(
  input: Operand,
  axis: number,
  make: (along: readonly number[]) => T,
): (index: readonly number[]) => T {
  const known = new Map<string, T>();
  return (index) => {
    const key = moved(index, axis, 0).join();
    const found = known.get(key) ?? make(line(input, index, axis));
    known.set(key, found);
    return found;
  };
}

const topK: Fold = ([input], [dims = []], { node }) => {
  if (!input) return [null, null];
  const axis = fromFront(int(node, "axis", -1), input.dims.length);
  const sign = int(node, "largest", 1) === 1 ? -1 : 1;
  const order = ofLines(input, axis, (along) =>
    along
      .map((_, place) => place)
      .sort((a, b) => sign * ((along[a] ?? 0) - (along[b] ?? 0)) || a - b),
  );
  const places = build(dims, (index) => order(index)[index[axis] ?? 0] ?? 0);
  let next = 0;
  const values = build(dims, (index) => at(input, moved(index, axis, places[next++] ?? 0)));
  return [values, places];
};

const cumSum: Fold = ([input, said], [dims = []], { node }) => {
  if (!input || !said) return [null];
  const axis = fromFront(said.values[0] ?? 0, dims.length);
  const exclusive = int(node, "exclusive", 0) === 1;
  const reverse = int(node, "reverse", 0) === 1;
  const sums = ofLines(input, axis, (along) => running(along, exclusive, reverse));
  return [build(dims, (index) => sums(index)[index[axis] ?? 0] ?? 0)];
};

/** Sums up to each element, or from it on; without it where that is asked for. */
function running(along: readonly number[], exclusive: boolean, reverse: boolean): number[] {
  const made: number[] = [];
  let total = 0;
  for (const value of reverse ? [...along].reverse() : along) {
    made.push(exclusive ? total : total + value);
    total += value;
  }
  return reverse ? made.reverse() : made;
}

/** Products longer than this are weights, not shapes. */
const LONGEST_PRODUCT = 2 ** 14;

const matMul: Fold = ([a, b], [dims = []]) => {
  if (!a || !b) return [null];
  const left = a.dims.length === 1 ? { ...a, dims: [1, ...a.dims] } : a;
  const right = b.dims.length === 1 ? { ...b, dims: [...b.dims, 1] } : b;
  const depth = left.dims[left.dims.length - 1] ?? 0;
  const full = [
    ...dims.slice(0, dims.length - (a.dims.length > 1 ? 1 : 0) - (b.dims.length > 1 ? 1 : 0)),
    left.dims[left.dims.length - 2] ?? 1,
    right.dims[right.dims.length - 1] ?? 1,
  ];
  if (full.reduce((all, one) => all * one, depth) > LONGEST_PRODUCT) return [null];
  const within = ({ dims: own }: Operand, index: readonly number[]): number[] =>
    own.map((size, axis) => (size === 1 ? 0 : (index[axis + index.length - own.length] ?? 0)));
  const made = build(full, (index) => {
    const [row, column] = [index.length - 2, index.length - 1];
    let total = 0;
    for (let k = 0; k < depth; k++)
      total +=
        at(left, within(left, moved(index, column, k))) *
        at(right, within(right, moved(index, row, k)));
    return total;
  });
  return [made];
};

const gemm: Fold = ([a, b, c], [dims = []], { node }) => {
  if (!a || !b) return [null];
  const turned = (one: Operand, name: string) => (row: number, column: number) =>
    at(one, int(node, name, 0) === 1 ? [column, row] : [row, column]);
  const [left, right] = [turned(a, "transA"), turned(b, "transB")];
  const depth = (int(node, "transA", 0) === 1 ? a.dims[0] : a.dims[1]) ?? 0;
  if (dims.reduce((all, one) => all * one, depth) > LONGEST_PRODUCT) return [null];
  const [alpha, beta] = [float(node, "alpha", 1), float(node, "beta", 1)];
  const made = build(dims, (index) => {
    const [row = 0, column = 0] = index;
    let total = 0;
    for (let k = 0; k < depth; k++) total += left(row, k) * right(k, column);
    const added = c
      ? at(
          c,
          c.dims.map((size, axis) => (size === 1 ? 0 : (index[axis + 2 - c.dims.length] ?? 0))),
        )
      : 0;
    return alpha * total + beta * added;
  });
  return [made];
};

const bitShift: Fold = ([a, b], [dims = []], { node }) => {
  if (!a || !b) return [null];
  const factor = text(node, "direction", "LEFT") === "LEFT" ? 1 : -1;
  const within = ({ dims: own }: Operand, index: readonly number[]): number[] =>
    own.map((size, axis) => (size === 1 ? 0 : (index[axis + index.length - own.length] ?? 0)));
  return [
    build(dims, (index) =>
      Math.floor(at(a, within(a, index)) * 2 ** (factor * at(b, within(b, index)))),
    ),
  ];
};

const WHOLE = new Set(["ReduceMean", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"]);

/** Folds of operators that add elements up or compare them. */
export const SUMS: Readonly<Record<string, Fold>> = {
  ...Object.fromEntries(
    Object.entries(REDUCES).map(([op, reduce]) => [op, reducing(reduce, WHOLE.has(op))]),
  ),
  ArgMax: arg((a, b) => a > b),
  ArgMin: arg((a, b) => a < b),
  TopK: topK,
  CumSum: cumSum,
  MatMul: matMul,
  Gemm: gemm,
  BitShift: bitShift,
};
