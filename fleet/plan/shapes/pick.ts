import { product } from "./fact.ts";

/**
 * Elements of a constant at the given positions of each axis, axes in the given order: what Slice and Transpose
 * do to the arithmetic on shapes.
 */
export function pick(
  values: readonly number[],
  dims: readonly number[],
  positions: readonly (readonly number[])[],
  order: readonly number[] = dims.map((_, at) => at),
): number[] {
  const strides = dims.map((_, at) => product(dims.slice(at + 1)));
  let indices = [0];
  for (const axis of order) {
    const stride = strides[axis] ?? 1;
    const along = positions[axis] ?? [];
    indices = indices.flatMap((base) => along.map((at) => base + at * stride));
  }
  return indices.map((at) => values[at] ?? 0);
}

export function everyPosition(dims: readonly number[]): number[][] {
  return dims.map((dim) => Array.from({ length: dim }, (_, at) => at));
}
