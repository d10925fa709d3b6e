const PIECE_BYTES = 64 * 1024;
/** What is larger has memory of its own. */
const MOST_SHARED = PIECE_BYTES / 4;

/**
 * Cuts buffers out of large pieces of memory. Results are some kilobytes each and come many a second: memory for each
 * costs more than what is done with it. A piece lives as long as a buffer cut from it.
 */
export class ByteSlab {
  #piece = Buffer.alloc(0);
  #used = 0;

  /** A buffer whose bytes are yet to be written. */
  cut(bytes: number): Buffer {
    if (bytes > MOST_SHARED) return Buffer.allocUnsafe(bytes);
    if (this.#piece.length - this.#used < bytes) {
      this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    return this.#piece.subarray(from, this.#used);
  }
}
