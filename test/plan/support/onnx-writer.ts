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
  attributes?: Record<string, number | number[] | string | { graph: ModelSketch }>;
}

export interface TensorSketch {
  name: string;
  dims: (number | bigint)[];
  /** 1 float32 (default), 7 int64. */
  type?: number;
  raw?: Uint8Array;
  int64?: number[];
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

function writeAttribute(
  name: string,
  value: number | number[] | string | { graph: ModelSketch },
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (typeof value === "number") {
    if (Number.isInteger(value)) writer.tag(3, WireType.Varint).int64(value);
    else writer.tag(2, WireType.Bit32).float(value);
  } else if (typeof value === "string") {
    writer.tag(4, WireType.LengthDelimited).bytes(Buffer.from(value));
  } else if (Array.isArray(value)) {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
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
