/** So many at once; the others wait in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Throws the signal's reason when it fires before there is a slot. */
  take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((done, failed) => {
      const give = () => {
        signal?.removeEventListener("abort", leave);
        done();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1);
        failed(signal?.reason as Error);
      };
      this.#waiting.push(give);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  free(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
