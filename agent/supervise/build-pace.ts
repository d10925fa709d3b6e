/** What a build is made to wait for once the processor below a simulated board is done with it. */
export const SIMULATED_STEP = "as slow as the silicon that is simulated";

/** A process that stood still in between worked for one tick at most. */
const TICK_MS = 100;

/**
 * Makes a build on a simulated board last as long as it is told to. Standing still, as on a hot board, does not count,
 * and what is real stays so: the engine is built at the beginning, and its progress is never told beyond the real one.
 */
export class BuildPace {
  readonly #leastMs: number;
  readonly #timer: NodeJS.Timeout;
  #workedMs = 0;
  #tellOver: () => void = () => undefined;
  readonly over: Promise<void>;

  constructor(leastMs: number) {
    this.#leastMs = leastMs;
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** What is told of a build that really is so far. */
  told(real: { share: number; step: string }): { share: number; step: string } {
    const share = Math.min(real.share, this.#workedMs / this.#leastMs);
    return share < real.share && real.share === 1
      ? { share, step: SIMULATED_STEP }
      : { ...real, share };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#workedMs += TICK_MS;
    if (this.#workedMs < this.#leastMs) return;
    this.stop();
    this.#tellOver();
  }
}
