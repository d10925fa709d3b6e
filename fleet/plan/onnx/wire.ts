import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FleetError } from "../../errors/index.ts";
import { LIMITS } from "./limits.ts";

/** Says what is wrong with a model file, and where in it. */
export function refuse(where: string, reason: string, cause?: unknown): FleetError {
  return new FleetError("MODEL_INVALID", `${reason} (while reading ${where})`, {
    hint: "Export the model again, or check it with the exporter's own checker.",
    context: { where, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Counts what the file makes us keep, over all its graphs. */
export class Budget {
  nodes = 0;
  #entries = 0;

  node(where: string): void {
    this.nodes += 1;
    if (this.nodes > LIMITS.nodes) throw refuse(where, `more than ${LIMITS.nodes} nodes`);
  }

  entry(where: string): void {
    this.#entries += 1;
    if (this.#entries > LIMITS.entries) throw refuse(where, `more than ${LIMITS.entries} entries`);
  }
}

/** Reads the present field of a message; one call per field. */
export class FieldReader {
  wire: WireType = WireType.Varint;
  readonly #reader: BinaryReader;
  readonly #where: string;

  constructor(reader: BinaryReader, where: string) {
    this.#reader = reader;
    this.#where = where;
  }

  /** The nested message or the bytes of the present field, as a view. */
  bytes(): Uint8Array {
    return this.#reader.bytes();
  }

  text(): string {
    const bytes = this.#reader.bytes();
    if (bytes.length > LIMITS.nameBytes) {
      throw refuse(this.#where, `a name of ${bytes.length} bytes, more than ${LIMITS.nameBytes}`);
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  }

  /** A varint that must be a safe integer. */
  integer(): number {
    return safeInteger(this.#reader.int64(), this.#where);
  }

  /** A varint of an attribute: exporters write INT64_MAX for "to the end". */
  clampedInteger(): number {
    return clampInteger(this.#reader.int64());
  }

  float(): number {
    return this.#reader.float();
  }

  double(): number {
    return this.#reader.double();
  }
}

type OnField = (field: number, reader: FieldReader) => void;

/**
 * Walks the fields of one message. `onField` reads the fields it knows by one call on the reader; every other
 * one is skipped without being copied, which is how a hundred megabytes of weights cost nothing.
 */
export function readMessage(bytes: Uint8Array, where: string, onField: OnField): void {
  const reader = new BinaryReader(bytes);
  const fields = new FieldReader(reader, where);
  try {
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      const before = reader.pos;
      fields.wire = wire;
      onField(field, fields);
      if (reader.pos === before) reader.skip(wire, field);
      if (reader.pos > reader.len) throw refuse(where, "the file ends inside a field");
    }
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw refuse(where, "the file is cut off or is no protobuf message", error);
  }
}

function safeInteger(value: bigint | string, where: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw refuse(where, `the integer ${value} is out of range`);
  return number;
}

function clampInteger(value: bigint | string): number {
  const number = Number(value);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}

/** Appends the dimensions of a tensor, which may come packed or one by one. */
export function appendDims(reader: FieldReader, where: string, into: number[]): void {
  if (reader.wire !== WireType.LengthDelimited) into.push(reader.integer());
  else eachPacked(reader, where, into, (packed) => safeInteger(packed.int64(), where));
}

/** Appends the integers of an attribute, which may come packed or one by one. */
export function appendIntegers(reader: FieldReader, where: string, into: number[]): void {
  if (reader.wire !== WireType.LengthDelimited) into.push(reader.clampedInteger());
  else eachPacked(reader, where, into, (packed) => clampInteger(packed.int64()));
}

/** Appends the floats of an attribute, which may come packed or one by one. */
export function appendFloats(reader: FieldReader, where: string, into: number[]): void {
  if (reader.wire !== WireType.LengthDelimited) into.push(reader.float());
  else eachPacked(reader, where, into, (packed) => packed.float());
}

function eachPacked(
  reader: FieldReader,
  where: string,
  into: number[],
  read: (packed: BinaryReader) => number,
): void {
  const packed = new BinaryReader(reader.bytes());
  while (packed.pos < packed.len) {
    into.push(read(packed));
    if (into.length > LIMITS.entries) throw refuse(where, `more than ${LIMITS.entries} values`);
  }
}
