import type { TakenBranch, Window } from "../shapes/index.ts";

/** Layers of TensorRT, in its own words. */
export type LayerKind =
  | "convolution"
  | "deconvolution"
  | "matrixMultiply"
  | "pooling"
  | "activation"
  | "parametricRelu"
  | "elementwise"
  | "scale"
  | "concatenation"
  | "shuffle"
  | "slice"
  | "resize"
  | "softmax"
  | "reduce"
  | "lrn"
  | "unary"
  | "gather"
  | "topk"
  | "select"
  | "identity"
  | "cast"
  | "quantize"
  | "normalization"
  | "loop"
  | "plugin"
  | "other";

/** One tensor as a layer meets it. */
export interface LayerTensor {
  name: string;
  /** Dimensions; -1 where they are not known at build time. */
  dims: readonly number[];
}

/** What one TensorRT layer does; of each kind, only its own fields are set. */
export interface Layer {
  /** Position in the order of execution. */
  index: number;
  /** Name of the ONNX node. */
  name: string;
  /** ONNX operator it came from. */
  op: string;
  kind: LayerKind;
  /** Inputs that change from frame to frame; constants are not among them. */
  inputs: readonly LayerTensor[];
  outputs: readonly LayerTensor[];
  /** Elements of constant operands: weights, biases, tables. */
  weightElements: number;
  /** Floating point operations of one inference, two for a multiply-add; 0 where they are unknown. */
  flops: number;
  /** Times it runs after itself in one inference: rounds of loops, steps of a sequence. Absent is once. */
  rounds?: number;
  /** Of these, steps over its own tensors, and directions in which it goes over them. */
  passes?: number;
  directions?: number;
  /** Control flow that it stands in. */
  within?: string;
  /** Branches that must be taken for it to run. */
  branches?: readonly TakenBranch[];
  /** Why nobody can say what it costs. Absent where its operations and elements are counted. */
  unknown?: string;
  /** Weights that are no constants of the file, but come from the graph. */
  liveWeights?: boolean;
  /** Of convolutions and poolings. */
  window?: Window;
  groups?: number;
  /** Of a pooling: `max` or `average`, and whether padding counts in the mean. */
  poolType?: "max" | "average";
  countsPadding?: boolean;
  /** Of a concatenation, slice, softmax: the axis from the front. */
  axis?: number;
  axes?: readonly number[];
  steps?: readonly number[];
  /** Of an elementwise layer or a unary: `SUM`, `PROD`, `SUB`, `DIV`, `MAX`, `MIN`, `POW`, or the operator. */
  operation?: string;
  /** Of a resize. */
  resize?: {
    mode: string;
    coordinates: string;
    rounding: string;
    scales: readonly number[] | null;
    bySizes: boolean;
  };
  /** Of a clip: its bounds, infinite where there is none; null when they are not constant. */
  clipMin?: number | null;
  clipMax?: number | null;
  /** Of a leaky activation: its slope below zero. */
  alpha?: number;
  /** Of a scale or an elementwise layer with one constant operand: whether the constant is the first one. */
  constantFirst?: boolean;
  /** Of an LRN: its window. */
  size?: number;
  /** Both operands of a matrix product change from frame to frame. */
  bothLive?: boolean;
}
