import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A small ONNX file, written by hand; what is left out is what a plain file would have. */
export interface ModelSketch {
  opset?: number;
  inputs?: Record<string, (number | string)[]>;
  outputs?: string[];
  nodes?: NodeSketch[];
  tensors?: TensorSketch[];
}

export interface NodeSketch {
  op: string;
  inputs?: string[];
  outputs?: string[];
  name?: string;
  domain?: string;
  attributes?: Record<string, AttributeSketch>;
}

/** Numbers without a fraction are integers, unless they stand under `float` or `floats`. */
export type AttributeSketch =
  | number
  | number[]
  | string
  | { graph: ModelSketch }
  | { float: number }
  | { floats: number[] };

export interface TensorSketch {
  name: string;
  dims: (number | bigint)[];
  /** 1 float32 (default), 7 int64. */
  type?: number;
  raw?: Uint8Array;
  int64?: (number | bigint)[];
  /** Small floats by value. */
  float?: number[];
  /** Bits of types without a field of their own. */
  int32?: number[];
  /** Where the elements stand outside the file. */
  external?: Record<string, string>;
}

export function writeModel(sketch: ModelSketch): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(8);
  const opset = new BinaryWriter();
  opset.tag(1, WireType.LengthDelimited).string("");
  opset.tag(2, WireType.Varint).int64(sketch.opset ?? 13);
  writer.tag(8, WireType.LengthDelimited).bytes(opset.finish());
  return writer.tag(7, WireType.LengthDelimited).bytes(writeGraph(sketch)).finish();
}

export function writeGraph(sketch: ModelSketch): Uint8Array {
  const writer = new BinaryWriter();
  const put = (field: number, bytes: Uint8Array): void => {
    writer.tag(field, WireType.LengthDelimited).bytes(bytes);
  };
  for (const node of sketch.nodes ?? []) put(1, writeNode(node));
  for (const tensor of sketch.tensors ?? []) put(5, writeTensor(tensor));
  for (const [name, dims] of Object.entries(sketch.inputs ?? {})) put(11, writeValue(name, dims));
  for (const name of sketch.outputs ?? []) put(12, writeValue(name, null));
  return writer.finish();
}

function writeNode(node: NodeSketch): Uint8Array {
  const writer = new BinaryWriter();
  for (const input of node.inputs ?? []) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs ?? []) writer.tag(2, WireType.LengthDelimited).string(output);
  if (node.name !== undefined) writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.op);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    writer.tag(5, WireType.LengthDelimited).bytes(writeAttribute(name, value));
  }
  if (node.domain !== undefined) writer.tag(7, WireType.LengthDelimited).string(node.domain);
  return writer.finish();
}

function writeAttribute(name: string, value: AttributeSketch): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (typeof value === "number") {
    if (Number.isInteger(value)) writer.tag(3, WireType.Varint).int64(value);
    else writer.tag(2, WireType.Bit32).float(value);
  } else if (typeof value === "string") {
    writer.tag(4, WireType.LengthDelimited).bytes(Buffer.from(value));
  } else if (Array.isArray(value)) {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
  } else if ("floats" in value) {
    for (const one of value.floats) writer.tag(7, WireType.Bit32).float(one);
  } else {
    writer.tag(6, WireType.LengthDelimited).bytes(writeGraph(value.graph));
  }
  return writer.finish();
}

function writeTensor(tensor: TensorSketch): Uint8Array {
  const writer = new BinaryWriter();
  for (const dim of tensor.dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(tensor.type ?? (tensor.int64 ? 7 : 1));
  writer.tag(8, WireType.LengthDelimited).string(tensor.name);
  if (tensor.raw) writer.tag(9, WireType.LengthDelimited).bytes(tensor.raw);
  for (const value of tensor.int64 ?? []) writer.tag(7, WireType.Varint).int64(value);
  for (const value of tensor.float ?? []) writer.tag(4, WireType.Bit32).float(value);
  for (const value of tensor.int32 ?? []) writer.tag(5, WireType.Varint).int32(value);
  for (const [key, value] of Object.entries(tensor.external ?? {})) {
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(key);
    entry.tag(2, WireType.LengthDelimited).string(value);
    writer.tag(13, WireType.LengthDelimited).bytes(entry.finish());
  }
  if (tensor.external) writer.tag(14, WireType.Varint).int32(1);
  return writer.finish();
}

function writeValue(name: string, dims: (number | string)[] | null): Uint8Array {
  const shape = new BinaryWriter();
  for (const dim of dims ?? []) {
    const one = new BinaryWriter();
    if (typeof dim === "number") one.tag(1, WireType.Varint).int64(dim);
    else one.tag(2, WireType.LengthDelimited).string(dim);
    shape.tag(1, WireType.LengthDelimited).bytes(one.finish());
  }
  const tensor = new BinaryWriter().tag(1, WireType.Varint).int32(1);
  if (dims) tensor.tag(2, WireType.LengthDelimited).bytes(shape.finish());
  const type = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(tensor.finish());
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  return writer.tag(2, WireType.LengthDelimited).bytes(type.finish()).finish();
}
