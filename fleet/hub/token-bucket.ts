export interface Rate {
  perSecond: number;
  /** At once. */
  most: number;
}

/** What somebody has left of a rate; below zero it is a debt. */
export class TokenBucket {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  /** `nowMs`, here and below: of a monotonic clock. */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.most;
    this.#atMs = nowMs;
  }

  left(nowMs: number): number {
    const earned = ((nowMs - this.#atMs) / 1000) * this.#rate.perSecond;
    this.#left = Math.min(this.#rate.most, this.#left + earned);
    this.#atMs = nowMs;
    return this.#left;
  }

  take(amount: number): void {
    this.#left -= amount;
  }

  debtMs(nowMs: number): number {
    return (Math.max(0, -this.left(nowMs)) / this.#rate.perSecond) * 1000;
  }
}
