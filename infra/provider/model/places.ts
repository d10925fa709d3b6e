/** So many works at once; the others wait in the order they came. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Throws the signal's reason when it fires before there is a place. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((done, failed) => {
      const give = () => {
        signal.removeEventListener("abort", leave);
        done();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1);
        failed(signal.reason as Error);
      };
      this.#waiting.push(give);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
