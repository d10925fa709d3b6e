/** This much telemetry may be under way: 5 s of a network of 100 kbit/s, and no brake on one of 1 Mbit/s. */
const MAX_BYTES = 64 * 1024;
/** A new question is asked after this much, when the last one is answered. */
const PROBE_BYTES = 8 * 1024;

/**
 * How much of what was sent is still under way. The buffers of sockets and of the network hold minutes of telemetry
 * when the network is slow, and nobody wants to hear it late; only the other side knows what has arrived. A ping is
 * answered after everything that was sent before it.
 */
export class Backlog {
  readonly #ping: () => void;
  #sentBytes = 0;
  #arrivedBytes = 0;
  /** Bytes sent before the ping that is not answered yet. */
  #askedAtBytes: number | null = null;

  constructor(ping: () => void) {
    this.#ping = ping;
  }

  get isFull(): boolean {
    return this.#sentBytes - this.#arrivedBytes >= MAX_BYTES;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
    if (this.#askedAtBytes !== null || this.#sentBytes - this.#arrivedBytes < PROBE_BYTES) return;
    this.#askedAtBytes = this.#sentBytes;
    this.#ping();
  }

  answered(): void {
    this.#arrivedBytes = this.#askedAtBytes ?? this.#arrivedBytes;
    this.#askedAtBytes = null;
  }
}
