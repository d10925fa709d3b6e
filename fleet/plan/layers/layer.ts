import type { Window } from "../shapes/index.ts";

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
  /** Floating point operations, two for a multiply-add. */
  flops: number;
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
  /** Of a clip: upper bound; null when it is not constant. */
  clipMax?: number | null;
  /** Of an LRN: its window. */
  size?: number;
  /** Both operands of a matrix product change from frame to frame. */
  bothLive?: boolean;
}
