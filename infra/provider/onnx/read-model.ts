import { FleetError } from "../../../fleet/errors/index.ts";
import { readFields } from "./protobuf.ts";

export interface TensorInfo {
  name: string;
  /** TensorProto.DataType; 1 is float32. */
  elementType: number;
  /** null where the dimension has a name or none. */
  dims: (number | null)[];
}

export interface OnnxModel {
  irVersion: number;
  /** Version of the default operator set. */
  opset: number;
  nodes: number;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  hasExternalData: boolean;
}

// Field numbers of onnx.proto3.
const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 };
const TENSOR = { name: 8, dataLocation: 14 };

/** Outline of a ModelProto. Throws MODEL_INVALID for anything that is none, or is cut off. */
export function readOnnxModel(bytes: Buffer): OnnxModel {
  try {
    return readModel(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FleetError("MODEL_INVALID", `Expected an ONNX model but ${cause.message}`, { cause });
  }
}

function readModel(bytes: Buffer): OnnxModel {
  const model: OnnxModel = {
    irVersion: 0,
    opset: 0,
    nodes: 0,
    inputs: [],
    outputs: [],
    hasExternalData: false,
  };
  let graphs = 0;
  for (const field of readFields(bytes)) {
    if (field.number === MODEL.irVersion) model.irVersion = field.value;
    if (field.number === MODEL.opsetImport && field.bytes) {
      const { domain, version } = readOpset(field.bytes);
      if (domain === "" || domain === "ai.onnx") model.opset = version;
    }
    if (field.number === MODEL.graph && field.bytes) {
      graphs += 1;
      readGraph(field.bytes, model);
    }
  }
  if (model.irVersion === 0 || graphs !== 1) throw new RangeError("the file holds no graph");
  if (model.opset === 0) throw new RangeError("the model names no operator set");
  if (model.nodes === 0) throw new RangeError("its graph is empty");
  return model;
}

function readOpset(bytes: Buffer): { domain: string; version: number } {
  let domain = "";
  let version = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) domain = text(field.bytes);
    if (field.number === 2) version = field.value;
  }
  return { domain, version };
}

function readGraph(bytes: Buffer, model: OnnxModel): void {
  const initializers = new Set<string>();
  for (const { number, bytes: part } of readFields(bytes)) {
    if (!part) continue;
    if (number === GRAPH.node) model.nodes += 1;
    if (number === GRAPH.input) model.inputs.push(readValueInfo(part));
    if (number === GRAPH.output) model.outputs.push(readValueInfo(part));
    if (number === GRAPH.initializer) {
      for (const field of readFields(part)) {
        if (field.number === TENSOR.name) initializers.add(text(field.bytes));
        if (field.number === TENSOR.dataLocation && field.value === 1) model.hasExternalData = true;
      }
    }
  }
  // Files of IR version 3 list weights among the inputs as well.
  model.inputs = model.inputs.filter(({ name }) => !initializers.has(name));
}

/** ValueInfoProto {1: name, 2: TypeProto {1: Tensor {1: elem_type, 2: TensorShapeProto {1: Dimension}}}}. */
function readValueInfo(bytes: Buffer): TensorInfo {
  const info: TensorInfo = { name: "", elementType: 0, dims: [] };
  for (const field of readFields(bytes)) {
    if (field.number === 1) info.name = text(field.bytes);
    if (field.number !== 2 || !field.bytes) continue;
    for (const tensor of readFields(field.bytes)) {
      if (tensor.number !== 1 || !tensor.bytes) continue;
      for (const part of readFields(tensor.bytes)) {
        if (part.number === 1) info.elementType = part.value;
        if (part.number === 2 && part.bytes) info.dims = readShape(part.bytes);
      }
    }
  }
  return info;
}

function readShape(bytes: Buffer): (number | null)[] {
  const dims: (number | null)[] = [];
  for (const field of readFields(bytes)) {
    if (field.number !== 1 || !field.bytes) continue;
    const [first] = [...readFields(field.bytes)];
    dims.push(first?.number === 1 ? first.value : null);
  }
  return dims;
}

function text(bytes: Buffer | null): string {
  return bytes?.toString("utf8") ?? "";
}
