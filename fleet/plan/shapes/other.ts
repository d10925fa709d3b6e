import { floats, int } from "../onnx/index.ts";
import { broadcast } from "./elementwise.ts";
import {
  type Dim,
  type Dims,
  dimsOf,
  type Inference,
  type NodeContext,
  shaped,
  valuesOf,
} from "./fact.ts";

const matMul: Inference = (context) => [
  shaped(context, matMulDims(dimsOf(context, 0), dimsOf(context, 1))),
];

function matMulDims(left: Dims | null, right: Dims | null): Dims | null {
  if (!left || !right || left.length === 0 || right.length === 0) return null;
  const rows = left.length === 1 ? [] : [left[left.length - 2] ?? null];
  const columns = right.length === 1 ? [] : [right[right.length - 1] ?? null];
  const batch = broadcast([left.slice(0, -2), right.slice(0, -2)]);
  return batch ? [...batch, ...rows, ...columns] : null;
}

const gemm: Inference = (context) => {
  const [a, b] = [dimsOf(context, 0), dimsOf(context, 1)];
  const rows = a?.[int(context.node, "transA", 0) === 1 ? 1 : 0] ?? null;
  const columns = b?.[int(context.node, "transB", 0) === 1 ? 0 : 1] ?? null;
  return [shaped(context, [rows, columns])];
};

/** Scale factors of a Resize or Upsample; null when they are not constant. */
export function scalesOf(context: NodeContext): readonly number[] | null {
  const [input, sizes] = [dimsOf(context, 0), valuesOf(context, 3)];
  if (sizes && sizes.length > 0) return sizes.map((size, at) => size / (input?.[at] ?? size));
  const said = floats(context.node, "scales");
  if (said) return said;
  const second = valuesOf(context, context.opset >= 11 && context.node.op === "Resize" ? 2 : 1);
  return second && second.length > 0 ? second : null;
}

const resize: Inference = (context) => {
  const [input, sizes] = [dimsOf(context, 0), valuesOf(context, 3)];
  const scales = scalesOf(context);
  if (!input) return [shaped(context, null)];
  const dims = input.map((dim, at): Dim => {
    if (sizes && sizes.length > 0) return sizes[at] ?? null;
    return dim === null || !scales ? null : Math.floor(dim * (scales[at] ?? 1) + 1e-6);
  });
  return [shaped(context, dims)];
};

const likeFirst: Inference = (context) =>
  context.node.outputs.map((_, at) => shaped(context, at === 0 ? dimsOf(context, 0) : null));

const quantized: Inference = (context) => [
  shaped(context, dimsOf(context, 0), context.inputs[2]?.type ?? "uint8"),
];

const dequantized: Inference = (context) => [shaped(context, dimsOf(context, 0), "float32")];

/** Operators of ONNX Runtime have scale and zero point behind each operand. */
const quantizedAdd: Inference = (context) => [
  shaped(context, broadcast([dimsOf(context, 0), dimsOf(context, 3)])),
];

const quantizedPool: Inference = (context) => [
  shaped(context, dimsOf(context, 0)?.map((dim, at) => (at < 2 ? dim : 1)) ?? null),
];

const quantizedMatMul: Inference = (context) => [
  shaped(context, matMulDims(dimsOf(context, 0), dimsOf(context, 3))),
];

const boxes: Inference = (context) => [shaped(context, [null, 3], "int64")];

const recurrent: Inference = (context) => {
  const [sequence = null, batch = null] = dimsOf(context, 0) ?? [];
  const hidden = int(context.node, "hidden_size", 0);
  const both = context.node.attributes["direction"];
  const directions = both?.kind === "string" && both.value === "bidirectional" ? 2 : 1;
  const state = [directions, batch, hidden];
  return [
    shaped(context, [sequence, directions, batch, hidden]),
    shaped(context, state),
    shaped(context, state),
  ];
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
  Resize: resize,
  Upsample: resize,
  BatchNormalization: likeFirst,
  InstanceNormalization: likeFirst,
  LayerNormalization: likeFirst,
  GroupNormalization: likeFirst,
  LpNormalization: likeFirst,
  LRN: likeFirst,
  Softmax: likeFirst,
  LogSoftmax: likeFirst,
  Hardmax: likeFirst,
  Clip: likeFirst,
  CumSum: likeFirst,
  ScatterND: likeFirst,
  ScatterElements: likeFirst,
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
