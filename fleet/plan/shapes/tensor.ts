import { type NodeContext, product } from "./fact.ts";

/** A small constant: elements in the order of its dimensions. */
export interface Operand {
  values: readonly number[];
  dims: readonly number[];
}

/** Elements of a node's outputs from those of its inputs, by position; null for what is not worked out. */
export type Fold = (
  inputs: readonly (Operand | null)[],
  outputs: readonly (readonly number[])[],
  context: NodeContext,
) => (number[] | null)[];

/** Elements of a tensor, each from its index. */
export function build(
  dims: readonly number[],
  element: (index: readonly number[]) => number,
): number[] {
  const index = dims.map(() => 0);
  return Array.from({ length: product(dims) }, () => {
    const value = element(index);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (dims[axis] ?? 0)) break;
      index[axis] = 0;
    }
    return value;
  });
}

/** The place of an index among a tensor's elements. */
export function placeOf(dims: readonly number[], index: readonly number[]): number {
  return dims.reduce((place, size, axis) => place * size + (index[axis] ?? 0), 0);
}

export function at({ values, dims }: Operand, index: readonly number[]): number {
  return values[placeOf(dims, index)] ?? 0;
}

/** An index with another position along one axis. */
export function moved(index: readonly number[], axis: number, position: number): number[] {
  return index.map((one, place) => (place === axis ? position : one));
}
