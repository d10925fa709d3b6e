import type { LayerKind } from "./layer.ts";

interface OperatorRow {
  kind: LayerKind;
  /** First TensorRT whose ONNX parser takes it, as a comparable number; 0 where the oldest known (5.1) does. */
  since: number;
}

function rows(kind: LayerKind, since: number, ...ops: string[]): [string, OperatorRow][] {
  return ops.map((op) => [op, { kind, since }]);
}

const OLDEST = 0;

// Sources: onnx/onnx-tensorrt, the importers that `builtin_op_importers.cpp` (from 10.0 on `onnxOpImporters.cpp`)
// defines on branches 5.1, 6.0, 7.0, 7.1, 7.2.1, 8.0-GA to 8.6-GA, 10.0-GA and 10.1-GA (which operators), and those of
// 8.2-GA (which layer). A parser of TensorRT 7.0 has no JetPack; its rows hold from JetPack 4.4 (7.1) on.
/** ONNX operators that a TensorRT parser takes. What is not here, no version takes. */
export const OPERATORS: ReadonlyMap<string, OperatorRow> = new Map([
  ...rows("convolution", OLDEST, "Conv"),
  ...rows("convolution", 1001, "DeformConv"),
  ...rows("deconvolution", OLDEST, "ConvTranspose"),
  ...rows("matrixMultiply", OLDEST, "Gemm", "MatMul"),
  ...rows("other", 802, "Einsum"),
  ...rows("pooling", OLDEST, "MaxPool", "AveragePool"),
  ...rows("pooling", 702, "LpPool"),
  ...rows("reduce", OLDEST, "GlobalAveragePool", "GlobalMaxPool"),
  ...rows("reduce", 700, "GlobalLpPool"),
  ...rows("reduce", OLDEST, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"),
  ...rows("reduce", OLDEST, "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"),
  ...rows("reduce", OLDEST, "ReduceSumSquare"),
  ...rows("activation", OLDEST, "Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "Elu", "Selu"),
  ...rows("activation", OLDEST, "HardSigmoid", "Softplus", "Softsign", "ThresholdedRelu"),
  ...rows("activation", 702, "Celu"),
  ...rows("activation", 804, "HardSwish", "Shrink"),
  ...rows("activation", 1000, "Mish", "Gelu"),
  ...rows("parametricRelu", 600, "PRelu"),
  ...rows("elementwise", OLDEST, "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean"),
  ...rows("elementwise", 700, "And", "Or", "Equal", "Greater", "Less"),
  ...rows("elementwise", 702, "GreaterOrEqual", "LessOrEqual"),
  ...rows("elementwise", 804, "Xor"),
  ...rows("elementwise", 805, "Mod"),
  ...rows("scale", OLDEST, "BatchNormalization"),
  ...rows("concatenation", OLDEST, "Concat"),
  ...rows("shuffle", OLDEST, "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"),
  ...rows("shuffle", OLDEST, "DepthToSpace", "SpaceToDepth"),
  ...rows("slice", OLDEST, "Slice", "Split", "Pad"),
  ...rows("slice", 700, "Tile", "Expand"),
  ...rows("resize", OLDEST, "Upsample"),
  ...rows("resize", 600, "Resize"),
  ...rows("softmax", OLDEST, "Softmax", "LogSoftmax"),
  ...rows("softmax", 1000, "Hardmax"),
  ...rows("lrn", OLDEST, "LRN"),
  ...rows("unary", OLDEST, "Abs", "Exp", "Sqrt", "Neg", "Ceil", "Floor", "Log", "Reciprocal"),
  ...rows("unary", OLDEST, "Sin", "Cos", "Tan", "Asin", "Acos", "Atan"),
  ...rows("unary", OLDEST, "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"),
  ...rows("unary", 700, "Erf", "Not"),
  ...rows("unary", 802, "Round", "Sign", "IsNaN"),
  ...rows("unary", 806, "IsInf"),
  ...rows("gather", OLDEST, "Gather"),
  ...rows("gather", 702, "GatherElements"),
  ...rows("gather", 802, "GatherND", "Scatter", "ScatterND", "ScatterElements"),
  ...rows("gather", 805, "OneHot"),
  ...rows("topk", OLDEST, "TopK", "ArgMax", "ArgMin"),
  ...rows("select", 700, "Where"),
  ...rows("identity", OLDEST, "Identity", "Dropout"),
  ...rows("cast", OLDEST, "Cast"),
  ...rows("cast", 1000, "CastLike"),
  ...rows("quantize", 700, "QuantizeLinear", "DequantizeLinear"),
  ...rows("normalization", OLDEST, "InstanceNormalization"),
  ...rows("normalization", 702, "LpNormalization"),
  ...rows("normalization", 805, "MeanVarianceNormalization"),
  ...rows("normalization", 806, "LayerNormalization", "GroupNormalization"),
  ...rows("loop", 700, "LSTM", "GRU", "RNN", "Loop", "Scan"),
  ...rows("loop", 701, "If"),
  ...rows("plugin", 800, "NonMaxSuppression"),
  ...rows("plugin", 805, "RoiAlign", "GridSample"),
  ...rows("other", OLDEST, "Shape", "Size", "Constant"),
  ...rows("other", 700, "ConstantOfShape", "Range"),
  ...rows("other", 702, "CumSum", "EyeLike", "ReverseSequence"),
  ...rows("other", 805, "NonZero", "Trilu"),
]);

/** Newest operator set of each parser; newer ones may parse or fail, operator by operator. */
export const PARSER_OPSETS: readonly [trt: number, opset: number][] = [
  [501, 9],
  [600, 10],
  [700, 11],
  [702, 13],
  [804, 17],
  [1000, 20],
];

export function parserOpset(trt: number): number {
  return PARSER_OPSETS.filter(([since]) => since <= trt).pop()?.[1] ?? 9;
}

/** Operators that keep data as integers instead of scales beside it, which no TensorRT takes. */
export function isQuantisedOperator(op: string): boolean {
  return /^QLinear|Integer$|^DynamicQuantize/.test(op);
}
