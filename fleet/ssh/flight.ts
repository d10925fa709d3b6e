/**
 * How many bytes may be under way: few enough that a slow link still hears everything else in time (its keepalives wait
 * behind them), and more as often as all that was sent has arrived. At 24 kB/s the least takes 11 s.
 */
export class Flight {
  #sent: number;
  #accepted: number;
  #most = LEAST_BYTES;
  #wake = () => {};

  constructor(fromByte: number) {
    this.#sent = fromByte;
    this.#accepted = fromByte;
  }

  get acceptedBytes(): number {
    return this.#accepted;
  }

  /** The other side has so many; false when that is no news. */
  accept(bytes: number): boolean {
    if (bytes <= this.#accepted) return false;
    this.#accepted = bytes;
    if (bytes >= this.#sent) this.#most = Math.min(this.#most * 2, MOST_BYTES);
    this.#wake();
    return true;
  }

  /** Counts a chunk that is about to be sent and waits until there is room for it. */
  async send(bytes: number, signal: AbortSignal): Promise<void> {
    while (this.#sent + bytes - this.#accepted > this.#most && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    this.#sent += bytes;
  }
}

const LEAST_BYTES = 256 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
