import { WireType } from "@bufbuild/protobuf/wire";
import { LIMITS } from "./limits.ts";
import { DATA_TYPES, type DataType, type OnnxTensor, type PackedField } from "./model.ts";
import { appendDims, type Budget, type FieldReader, readMessage, refuse } from "./wire.ts";

// Field numbers of TensorProto.
const FIELD = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 } as const;
const TYPED: Readonly<Record<number, PackedField>> = {
  4: "float",
  5: "int32",
  7: "int64",
  10: "double",
  11: "uint64",
};
const EXTERNAL = 1;

/** Reads a constant; its elements stay a view of the file. */
export function readTensor(bytes: Uint8Array, where: string, budget: Budget): OnnxTensor {
  budget.entry(where);
  const dims: number[] = [];
  const loose: number[] = [];
  let type: DataType = "unknown";
  let [name, location] = ["", 0];
  const external = new Map<string, string>();
  let raw: Uint8Array | null = null;
  let packed: OnnxTensor["packed"] = null;
  readMessage(bytes, where, (field, reader) => {
    const typed = TYPED[field];
    if (field === FIELD.dims) appendDims(reader, where, dims);
    else if (field === FIELD.type) type = dataType(reader.integer());
    else if (field === FIELD.name) name = reader.text();
    else if (field === FIELD.raw) raw = reader.bytes();
    else if (field === FIELD.location) location = reader.integer();
    else if (field === FIELD.external) readEntry(reader.bytes(), where, external);
    else if (typed && reader.wire === WireType.LengthDelimited)
      packed = { field: typed, bytes: reader.bytes() };
    else if (typed && loose.length < LIMITS.looseValues) loose.push(looseValue(typed, reader));
  });
  const place = name === "" ? where : `tensor ${JSON.stringify(name)}`;
  checkedDims(dims, place);
  const tensor: OnnxTensor = {
    name,
    type,
    dims,
    raw: location === EXTERNAL ? null : raw,
    packed,
    loose: loose.length > 0 ? loose : null,
    externalFile: location === EXTERNAL ? externalFile(external, place) : null,
  };
  checkSize(tensor, place);
  if (location === EXTERNAL) checkExternal(tensor, external, place);
  return tensor;
}

export function dataType(code: number): DataType {
  return (DATA_TYPES as Record<number, { name: DataType }>)[code]?.name ?? "unknown";
}

/** StringStringEntryProto: `location`, and where in that file the elements stand (`offset`, `length`). */
function readEntry(bytes: Uint8Array, where: string, into: Map<string, string>): void {
  let [key, value] = ["", ""];
  readMessage(bytes, where, (field, reader) => {
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
  });
  if (into.size > LIMITS.rank) throw refuse(where, "too many entries of external data");
  into.set(key, value);
}

/** A file beside the model or below it: the standard forbids absolute paths and ways out of the folder. */
function externalFile(entries: ReadonlyMap<string, string>, where: string): string {
  const file = entries.get("location") ?? "";
  const parts = file.split(/[\\/]/);
  const outside = parts.includes("..") || parts[0] === "" || /^[A-Za-z]:/.test(file);
  if (outside || file.includes("\0"))
    throw refuse(
      where,
      `external data in ${JSON.stringify(file)}, which is no file beside the model`,
    );
  return file;
}

function checkExternal(
  tensor: OnnxTensor,
  entries: ReadonlyMap<string, string>,
  where: string,
): void {
  for (const key of ["offset", "length"]) {
    const said = entries.get(key);
    if (said !== undefined && !(/^\d{1,16}$/.test(said) && Number.isSafeInteger(Number(said))))
      throw refuse(where, `an external ${key} of ${JSON.stringify(said)}`);
  }
  const [length, size] = [entries.get("length"), bytesPerElement(tensor.type)];
  const needed = elementCount(tensor.dims) * size;
  if (length !== undefined && size > 0 && Number(length) !== needed)
    throw refuse(where, `${length} bytes of external data where its shape needs ${needed}`);
}

function looseValue(field: PackedField, reader: FieldReader): number {
  if (field === "float") return reader.float();
  return field === "double" ? reader.double() : reader.integer();
}

/** Dimensions of a constant are known numbers; the product must be one that memory could ever hold. */
export function checkedDims(dims: readonly number[], where: string): void {
  if (dims.length > LIMITS.rank)
    throw refuse(where, `rank ${dims.length}, more than ${LIMITS.rank}`);
  let elements = 1;
  for (const dim of dims) {
    if (!Number.isInteger(dim)) throw refuse(where, `a dimension of ${dim}, no whole number`);
    if (dim < 0) throw refuse(where, `a negative dimension, ${dim}`);
    if (dim > LIMITS.dimension)
      throw refuse(where, `a dimension of ${dim}, more than ${LIMITS.dimension}`);
    elements *= dim;
  }
  if (elements > LIMITS.elements)
    throw refuse(where, `${elements} elements, more than ${LIMITS.elements}`);
}

function checkSize(tensor: OnnxTensor, where: string): void {
  const size = bytesPerElement(tensor.type);
  if (tensor.raw === null || size === 0) return;
  const expected = elementCount(tensor.dims) * size;
  if (tensor.raw.length !== expected) {
    throw refuse(where, `${tensor.raw.length} bytes of data where its shape needs ${expected}`);
  }
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function bytesPerElement(type: DataType): number {
  return Object.values(DATA_TYPES).find(({ name }) => name === type)?.bytes ?? 0;
}
