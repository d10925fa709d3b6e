import { int } from "../onnx/index.ts";
import { axisOf, type Dims, dimsOf, type Inference, product, shaped, valuesOf } from "./fact.ts";
import { axesOf } from "./layout.ts";

const reduce: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, null)];
  const said = axesOf(context, 1);
  const none = (!said || said.length === 0) && int(context.node, "noop_with_empty_axes", 0) === 1;
  if (none) return [shaped(context, input)];
  const axes =
    said && said.length > 0
      ? said.map((axis) => axisOf(context, axis, input.length))
      : input.map((_, at) => at);
  const kept = int(context.node, "keepdims", 1) === 1;
  const dims: Dims = kept
    ? input.map((dim, at) => (axes.includes(at) ? 1 : dim))
    : input.filter((_, at) => !axes.includes(at));
  const all = valuesOf(context, 0);
  const whole = axes.length === input.length;
  const values = context.node.op === "ReduceProd" && whole && all ? [product(all)] : null;
  return [{ ...shaped(context, dims), values }];
};

const arg: Inference = (context) => {
  const input = dimsOf(context, 0);
  if (!input) return [shaped(context, null, "int64")];
  const axis = axisOf(context, int(context.node, "axis", 0), input.length);
  const kept = int(context.node, "keepdims", 1) === 1;
  const dims = kept
    ? input.map((dim, at) => (at === axis ? 1 : dim))
    : input.filter((_, at) => at !== axis);
  return [shaped(context, dims, "int64")];
};

const topK: Inference = (context) => {
  const input = dimsOf(context, 0);
  const k = valuesOf(context, 1)?.[0] ?? null;
  if (!input) return [shaped(context, null), shaped(context, null, "int64")];
  const axis = axisOf(context, int(context.node, "axis", -1), input.length);
  const dims = input.map((dim, at) => (at === axis ? k : dim));
  return [shaped(context, dims), shaped(context, dims, "int64")];
};

const REDUCTIONS = [
  ...["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"],
  ...["ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"],
];

export const REDUCTION: Readonly<Record<string, Inference>> = {
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, reduce])),
  ArgMax: arg,
  ArgMin: arg,
  TopK: topK,
};
