import { readFileSync, statSync } from "node:fs";

/** An envelope holds no more, and no cache of one model comes near. */
const MOST_BYTES = 4 * 2 ** 20;

/** A timing cache that the library writes while it builds, told each time that it is another. */
export class TimingFile {
  readonly path: string;
  readonly #send: (bytes: Uint8Array) => void;
  #toldMs: number;

  /** What is there already is known to whoever listens. */
  constructor(path: string, send: (bytes: Uint8Array) => void) {
    this.path = path;
    this.#send = send;
    this.#toldMs = this.#writtenMs();
  }

  tell(): void {
    const writtenMs = this.#writtenMs();
    if (writtenMs === this.#toldMs) return;
    this.#toldMs = writtenMs;
    // It is replaced as a whole, so it is whole whenever it is read.
    const bytes = readFileSync(this.path);
    if (bytes.length > 0 && bytes.length <= MOST_BYTES) this.#send(bytes);
  }

  /** 0: there is none. */
  #writtenMs(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }
}
