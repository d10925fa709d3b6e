import { BinaryReader } from "@bufbuild/protobuf/wire";
import { LIMITS } from "./limits.ts";
import type { DataType, OnnxTensor, PackedField } from "./model.ts";
import { elementCount } from "./read-tensor.ts";

/**
 * The elements of a small constant as numbers; null when they are not in the file, or more than a shape or an
 * anchor list would have. Integers above 2^53 lose digits: no dimension is that large.
 */
export function tensorValues(tensor: OnnxTensor): number[] | null {
  const count = elementCount(tensor.dims);
  if (count > LIMITS.foldedElements) return null;
  if (count === 0) return [];
  const values = tensor.raw
    ? rawValues(tensor.raw, tensor.type, count)
    : tensor.packed
      ? packedValues(tensor.packed.bytes, tensor.packed.field)
      : (tensor.loose?.slice() ?? null);
  if (values?.length !== count) return null;
  const decode = tensor.raw ? undefined : BITS_IN_INT32[tensor.type];
  return decode ? values.map(decode) : values;
}

/** Types without a field of their own stand in `int32_data` as their bits. */
const BITS_IN_INT32: Partial<Record<DataType, (bits: number) => number>> = {
  float16: halfToNumber,
  bfloat16: brainToNumber,
};

type ReadElement = (view: DataView, at: number) => number;

const RAW: Partial<Record<DataType, [bytes: number, read: ReadElement]>> = {
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float64: [8, (view, at) => view.getFloat64(at, true)],
  float16: [2, (view, at) => halfToNumber(view.getUint16(at, true))],
  bfloat16: [2, (view, at) => brainToNumber(view.getUint16(at, true))],
  int64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  uint64: [8, (view, at) => Number(view.getBigUint64(at, true))],
  int32: [4, (view, at) => view.getInt32(at, true)],
  uint32: [4, (view, at) => view.getUint32(at, true)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  int8: [1, (view, at) => view.getInt8(at)],
  uint8: [1, (view, at) => view.getUint8(at)],
  bool: [1, (view, at) => view.getUint8(at)],
};

function rawValues(raw: Uint8Array, type: DataType, count: number): number[] | null {
  const [bytes, read] = RAW[type] ?? [];
  if (bytes === undefined || read === undefined || raw.length < count * bytes) return null;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: count }, (_, at) => read(view, at * bytes));
}

function packedValues(bytes: Uint8Array, field: PackedField): number[] | null {
  const reader = new BinaryReader(bytes);
  const read: Record<PackedField, () => number> = {
    float: () => reader.float(),
    double: () => reader.double(),
    int32: () => reader.int32(),
    int64: () => Number(reader.int64()),
    uint64: () => Number(reader.uint64()),
  };
  const values: number[] = [];
  while (reader.pos < reader.len && values.length <= LIMITS.foldedElements)
    values.push(read[field]());
  return values;
}

/** The upper half of a float32. */
function brainToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
