/** Says what the demo does, one line per step, with the time since its start. */
export class Steps {
  readonly #startedAtMs = performance.now();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  say(step: string, text: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1000).toFixed(1);
    this.#write(`${seconds.padStart(6)} s  ${step.padEnd(10)}  ${text}`);
  }

  plain(text = ""): void {
    this.#write(text);
  }
}
