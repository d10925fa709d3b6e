import { type DataType, type OnnxNode, refuse } from "../onnx/index.ts";

/** A dimension; null while it is not known. */
export type Dim = number | null;
export type Dims = readonly Dim[];

/** What is known of a value of the graph before anything runs. */
export interface Fact {
  type: DataType;
  /** Null when not even the rank is known. */
  dims: Dims | null;
  /** True when the value does not depend on any input of the model. */
  constant: boolean;
  /** Elements of a small constant, such as a shape; null when not worked out. */
  values: readonly number[] | null;
}

export interface NodeContext {
  node: OnnxNode;
  /** Facts of the inputs by position; null for an input that is left out. */
  inputs: readonly (Fact | null)[];
  opset: number;
}

/** What a node says contradicts itself or its inputs: no runtime could execute it. */
export function contradiction({ node }: NodeContext, reason: string): Error {
  return refuse(`node ${JSON.stringify(node.name)} (${node.op})`, reason);
}

/** Gives the facts of a node's outputs, by position. */
export type Inference = (context: NodeContext) => Fact[];

export const NOTHING: Fact = { type: "unknown", dims: null, constant: false, values: null };

/** A value of a shape; constant when all inputs are. */
export function shaped(context: NodeContext, dims: Dims | null, type?: DataType): Fact {
  const [first] = context.inputs;
  return {
    type: type ?? first?.type ?? "unknown",
    dims,
    constant: allConstant(context),
    values: null,
  };
}

export function allConstant({ inputs }: NodeContext): boolean {
  return inputs.length > 0 && inputs.every((input) => input === null || input.constant);
}

export function dimsOf(context: NodeContext, at: number): Dims | null {
  return context.inputs[at]?.dims ?? null;
}

/** Known elements of an input, or null. */
export function valuesOf(context: NodeContext, at: number): readonly number[] | null {
  return context.inputs[at]?.values ?? null;
}

/** Counts an axis from the front; one that the value does not have is a contradiction. */
export function axisOf(context: NodeContext, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw contradiction(context, `axis ${axis} of a value of rank ${rank}`);
  return fromFront(axis, rank);
}

/** A position among `length`, where -1 is the last. */
export function fromFront(position: number, length: number): number {
  return position < 0 ? position + length : position;
}

export function known(dims: Dims | null): dims is readonly number[] {
  return dims?.every((dim) => dim !== null) ?? false;
}

export function product(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}

/** A product with unknown factors is unknown, unless it is zero. */
export function productOf(dims: Dims): Dim {
  return dims.includes(0) ? 0 : known(dims) ? product(dims) : null;
}
