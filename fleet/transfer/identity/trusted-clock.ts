import { trustedNow } from "../../deploy/clock.ts";

/**
 * The one clock that certificates are judged against: never ahead of the truth, as far as that can be told. A board
 * without a battery wakes up in 1970, and one with a bad one anywhere; signed times only grow. Our own certificate is
 * such a time, so there is always one.
 */
export class TrustedClock {
  readonly #system: () => number;
  #signedMs: number | null = null;

  constructor(system: () => number = Date.now) {
    this.#system = system;
  }

  /** `ms` stood in something whose signature was right: it has passed. */
  learn(ms: number): void {
    this.#signedMs = Math.max(this.#signedMs ?? ms, ms);
  }

  now(): number {
    const systemMs = this.#system();
    if (this.#signedMs === null) return systemMs;
    return trustedNow({ systemMs, builtAtMs: this.#signedMs }, this.#signedMs);
  }
}
