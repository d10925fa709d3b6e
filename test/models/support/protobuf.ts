/** One field of a protobuf message: a number (varint) or bytes (everything of known length). */
export interface Field {
  number: number;
  value?: number;
  bytes?: Buffer;
}

function varint(data: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = data[at++];
    if (byte === undefined) throw new Error("expected a varint but the data end");
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
  }
}

/** Reads one level of a protobuf message, enough to look into an ONNX file without its schema. */
export function fields(data: Buffer): Field[] {
  const found: Field[] = [];
  for (let at = 0; at < data.length; ) {
    let key: number;
    [key, at] = varint(data, at);
    const number = Math.floor(key / 8);
    const kind = key % 8;
    if (kind === 0) {
      let value: number;
      [value, at] = varint(data, at);
      found.push({ number, value });
      continue;
    }
    let length = kind === 1 ? 8 : 4;
    if (kind === 2) [length, at] = varint(data, at);
    found.push({ number, bytes: data.subarray(at, at + length) });
    at += length;
  }
  return found;
}
