import { int, text } from "../onnx/index.ts";
import { broadcast } from "./elementwise.ts";
import {
  axisOf,
  contradiction,
  type Dims,
  dimsOf,
  type Inference,
  type NodeContext,
  shaped,
  valuesOf,
} from "./fact.ts";

const matMul: Inference = (context) => [
  shaped(context, matMulDims(context, dimsOf(context, 0), dimsOf(context, 1))),
];

function matMulDims(context: NodeContext, left: Dims | null, right: Dims | null): Dims | null {
  if (!left || !right || left.length === 0 || right.length === 0) return null;
  const [depth, other] = [
    left[left.length - 1] ?? null,
    right[Math.max(0, right.length - 2)] ?? null,
  ];
  if (depth !== null && other !== null && depth !== other)
    throw contradiction(context, `a row of ${depth} meets a column of ${other}`);
  const rows = left.length === 1 ? [] : [left[left.length - 2] ?? null];
  const columns = right.length === 1 ? [] : [right[right.length - 1] ?? null];
  const batch = broadcast(context, [left.slice(0, -2), right.slice(0, -2)]);
  return batch ? [...batch, ...rows, ...columns] : null;
}

const gemm: Inference = (context) => {
  const [a, b] = [dimsOf(context, 0), dimsOf(context, 1)];
  const turned = (name: string): boolean => int(context.node, name, 0) === 1;
  const [rows = null, depth = null] = turned("transA") ? [a?.[1], a?.[0]] : [a?.[0], a?.[1]];
  const [other = null, columns = null] = turned("transB") ? [b?.[1], b?.[0]] : [b?.[0], b?.[1]];
  if (depth !== null && other !== null && depth !== other)
    throw contradiction(context, `a row of ${depth} meets a column of ${other}`);
  return [shaped(context, [rows, columns])];
};

const likeFirst: Inference = (context) =>
  context.node.outputs.map((_, at) => shaped(context, at === 0 ? dimsOf(context, 0) : null));

/** The value itself unless the model is in training, and a mask of the same shape where it is asked for. */
const dropout: Inference = (context) => {
  const mode = context.inputs[2] ?? null;
  const passes = mode === null || mode.values?.[0] === 0;
  const dims = dimsOf(context, 0);
  const kept = { ...shaped(context, dims), values: passes ? valuesOf(context, 0) : null };
  return [kept, shaped(context, dims, "bool")];
};

/** Beside the normalised value: mean and deviation, with 1 in place of every axis that was summed over. */
const layerNormalization: Inference = (context) => {
  const input = dimsOf(context, 0);
  const axis = input ? axisOf(context, int(context.node, "axis", -1), input.length) : 0;
  const summed = input?.map((dim, at) => (at < axis ? dim : 1)) ?? null;
  return context.node.outputs.map((_, at) => shaped(context, at === 0 ? input : summed));
};

/** Beside the normalised value: running mean and variance, one per channel. */
const batchNormalization: Inference = (context) =>
  context.node.outputs.map((_, at) => shaped(context, dimsOf(context, at === 0 ? 0 : 3)));

const quantized: Inference = (context) => [
  shaped(context, dimsOf(context, 0), context.inputs[2]?.type ?? "uint8"),
];

const dequantized: Inference = (context) => [
  shaped(context, dimsOf(context, 0), context.inputs[1]?.type ?? "float32"),
];

/** Operators of ONNX Runtime have scale and zero point behind each operand. */
const quantizedAdd: Inference = (context) => [
  shaped(context, broadcast(context, [dimsOf(context, 0), dimsOf(context, 3)])),
];

const quantizedPool: Inference = (context) => [
  shaped(context, dimsOf(context, 0)?.map((dim, at) => (at < 2 ? dim : 1)) ?? null),
];

const quantizedMatMul: Inference = (context) => [
  shaped(context, matMulDims(context, dimsOf(context, 0), dimsOf(context, 3))),
];

const boxes: Inference = (context) => [shaped(context, [null, 3], "int64")];

/** With `layout` 1 the batch comes first, in the input and in every output. */
const recurrent: Inference = (context) => {
  const first = int(context.node, "layout", 0) === 1;
  const [one = null, two = null] = dimsOf(context, 0) ?? [];
  const [sequence, batch] = first ? [two, one] : [one, two];
  const hidden = int(context.node, "hidden_size", 0);
  const directions = text(context.node, "direction", "forward") === "bidirectional" ? 2 : 1;
  const state = first ? [batch, directions, hidden] : [directions, batch, hidden];
  const all = first ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden];
  return [shaped(context, all), shaped(context, state), shaped(context, state)];
};

const gridSample: Inference = (context) => {
  const [input, grid] = [dimsOf(context, 0), dimsOf(context, 1)];
  const dims = input && grid ? [...input.slice(0, 2), ...grid.slice(1, -1)] : null;
  return [shaped(context, dims)];
};

const roiAlign: Inference = (context) => [
  shaped(context, [
    dimsOf(context, 1)?.[0] ?? null,
    dimsOf(context, 0)?.[1] ?? null,
    int(context.node, "output_height", 1),
    int(context.node, "output_width", 1),
  ]),
];

export const OTHER: Readonly<Record<string, Inference>> = {
  MatMul: matMul,
  Gemm: gemm,
  BatchNormalization: batchNormalization,
  InstanceNormalization: likeFirst,
  LayerNormalization: layerNormalization,
  MeanVarianceNormalization: likeFirst,
  Dropout: dropout,
  GroupNormalization: likeFirst,
  LpNormalization: likeFirst,
  LRN: likeFirst,
  Softmax: likeFirst,
  LogSoftmax: likeFirst,
  Hardmax: likeFirst,
  CumSum: likeFirst,
  ReverseSequence: likeFirst,
  QuantizeLinear: quantized,
  DequantizeLinear: dequantized,
  QLinearAdd: quantizedAdd,
  QLinearMul: quantizedAdd,
  QLinearGlobalAveragePool: quantizedPool,
  QLinearMatMul: quantizedMatMul,
  NonMaxSuppression: boxes,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  GridSample: gridSample,
  RoiAlign: roiAlign,
};
