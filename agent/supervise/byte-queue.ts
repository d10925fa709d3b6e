/** Bytes as they come, given back in pieces of a wanted length; pieces are joined only where one is asked for. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #bytes = 0;

  get length(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Begins with the first `bytes`, which are there; they stay. */
  peek(bytes: number): Buffer {
    return this.#joined(bytes);
  }

  /** The first `bytes`, which are there. */
  take(bytes: number): Buffer {
    const first = this.#joined(bytes);
    this.#bytes -= bytes;
    if (first.length === bytes) {
      if (this.#chunks.length === 1) this.#chunks.pop();
      else this.#chunks.shift();
      return first;
    }
    this.#chunks[0] = first.subarray(bytes);
    return first.subarray(0, bytes);
  }

  /** The first chunk, with at least so many bytes in it. */
  #joined(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
