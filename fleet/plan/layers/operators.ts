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

// Sources: onnx/onnx-tensorrt, operators.md of branches 5.1 to 10 (which operators), and
// builtin_op_importers.cpp of 8.2-GA (which layer).
/** ONNX operators that a TensorRT parser takes. What is not here, no version takes. */
export const OPERATORS: ReadonlyMap<string, OperatorRow> = new Map([
  ...rows("convolution", OLDEST, "Conv"),
  ...rows("deconvolution", OLDEST, "ConvTranspose"),
  ...rows("matrixMultiply", OLDEST, "Gemm", "MatMul"),
  ...rows("other", 802, "Einsum"),
  ...rows("pooling", OLDEST, "MaxPool", "AveragePool"),
  ...rows("pooling", 702, "LpPool"),
  ...rows("reduce", OLDEST, "GlobalAveragePool", "GlobalMaxPool"),
  ...rows("reduce", 702, "GlobalLpPool"),
  ...rows("reduce", OLDEST, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"),
  ...rows(
    "reduce",
    OLDEST,
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceSumSquare",
  ),
  ...rows("activation", OLDEST, "Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "Elu", "Selu"),
  ...rows("activation", OLDEST, "HardSigmoid", "Softplus", "Softsign"),
  ...rows("activation", 600, "ThresholdedRelu"),
  ...rows("activation", 702, "Celu"),
  ...rows("activation", 804, "HardSwish", "Shrink"),
  ...rows("activation", 1000, "Mish", "Gelu"),
  ...rows("parametricRelu", OLDEST, "PRelu"),
  ...rows("elementwise", OLDEST, "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean"),
  ...rows("elementwise", 701, "And", "Or", "Equal", "Greater", "Less"),
  ...rows("elementwise", 702, "GreaterOrEqual", "LessOrEqual"),
  ...rows("elementwise", 804, "Xor"),
  ...rows("elementwise", 805, "Mod"),
  ...rows("scale", OLDEST, "BatchNormalization"),
  ...rows("concatenation", OLDEST, "Concat"),
  ...rows("shuffle", OLDEST, "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"),
  ...rows("shuffle", OLDEST, "DepthToSpace", "SpaceToDepth"),
  ...rows("slice", OLDEST, "Slice", "Split", "Pad"),
  ...rows("slice", 701, "Tile", "Expand"),
  ...rows("resize", 600, "Resize"),
  ...rows("resize", OLDEST, "Upsample"),
  ...rows("softmax", OLDEST, "Softmax", "LogSoftmax"),
  ...rows("softmax", 1000, "Hardmax"),
  ...rows("lrn", OLDEST, "LRN"),
  ...rows(
    "unary",
    OLDEST,
    "Abs",
    "Exp",
    "Sqrt",
    "Neg",
    "Ceil",
    "Floor",
    "Log",
    "Sin",
    "Cos",
    "Tan",
    "Atan",
  ),
  ...rows("unary", OLDEST, "Asin", "Acos", "Sinh", "Cosh"),
  ...rows("unary", 701, "Erf", "Not"),
  ...rows("unary", 802, "Round", "Sign", "IsNaN"),
  ...rows("unary", 804, "Reciprocal"),
  ...rows("unary", 806, "IsInf"),
  ...rows("gather", OLDEST, "Gather"),
  ...rows("gather", 702, "GatherElements"),
  ...rows("gather", 802, "GatherND", "ScatterND", "ScatterElements"),
  ...rows("gather", 805, "OneHot"),
  ...rows("topk", OLDEST, "TopK"),
  ...rows("topk", 701, "ArgMax", "ArgMin"),
  ...rows("select", 701, "Where"),
  ...rows("identity", OLDEST, "Identity", "Dropout"),
  ...rows("cast", OLDEST, "Cast"),
  ...rows("quantize", 701, "QuantizeLinear", "DequantizeLinear"),
  ...rows("normalization", OLDEST, "InstanceNormalization"),
  ...rows("normalization", 806, "LayerNormalization", "GroupNormalization"),
  ...rows("normalization", 805, "MeanVarianceNormalization"),
  ...rows("loop", 701, "LSTM", "GRU", "RNN", "Loop", "Scan"),
  ...rows("loop", 800, "If"),
  ...rows("plugin", 800, "NonMaxSuppression"),
  ...rows("plugin", 805, "RoiAlign", "GridSample"),
  ...rows("other", OLDEST, "Shape", "Size", "Constant"),
  ...rows("other", 701, "ConstantOfShape", "Range"),
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
