export { float, floats, graphOf, int, ints, tensor, text } from "./attributes.ts";
export { LIMITS, OPSETS } from "./limits.ts";
export type {
  AttributeValue,
  DataType,
  Dimension,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  ValueInfo,
} from "./model.ts";
export { parseModel, readModel, requireUnderstood } from "./read-model.ts";
export { bytesPerElement, checkedDims, dataType, elementCount } from "./read-tensor.ts";
export { tensorValues } from "./tensor-values.ts";
export { refuse } from "./wire.ts";
