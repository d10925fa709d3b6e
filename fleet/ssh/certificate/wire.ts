/** Reads what RFC 4251 §5 writes; throws a RangeError where it ends too early. */
export class WireReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#data.length;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.string().toString("utf8");
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#data.length) {
      throw new RangeError(`it ends after ${this.#data.length} bytes, before what it announces`);
    }
    const taken = this.#data.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** A string of RFC 4251 §5 for each of them. */
export function wireStrings(...parts: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const data = Buffer.from(part);
      return [uint32(data.length), data];
    }),
  );
}

export function uint32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return data;
}

/** The bytes of an mpint of RFC 4251 §5 for a number that is not negative. */
export function mpint(bigEndian: Buffer): Buffer {
  const first = bigEndian.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : bigEndian.subarray(first);
  return (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits;
}
