/** One field of a protobuf message; `bytes` for length-delimited fields, `value` for the others. */
export interface Field {
  number: number;
  value: number;
  bytes: Buffer | null;
}

/** Fields of a message in their order. Throws RangeError where the message is cut off or no message at all. */
export function* readFields(message: Buffer): Generator<Field> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[offset++];
      if (byte === undefined)
        throw new RangeError(`the file ends within a field, at byte ${message.length}`);
      // Multiplication keeps what does not fit into 32 bits; sizes and dimensions stay below 2^53.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number is longer than protobuf allows");
  };
  const skip = (length: number): Buffer => {
    const end = offset + length;
    if (end > message.length)
      throw new RangeError(`the file ends within a field, at byte ${message.length}`);
    const bytes = message.subarray(offset, end);
    offset = end;
    return bytes;
  };
  while (offset < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number === 0) throw new RangeError("field number 0");
    if (wireType === 0) yield { number, value: varint(), bytes: null };
    else if (wireType === 1) yield { number, value: 0, bytes: skip(8) };
    else if (wireType === 2) yield { number, value: 0, bytes: skip(varint()) };
    else if (wireType === 5) yield { number, value: 0, bytes: skip(4) };
    else throw new RangeError(`wire type ${wireType}`);
  }
}
