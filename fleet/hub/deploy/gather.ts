export interface GatherTimes {
  /** Nothing more came for this long. */
  quietMs: number;
  /** And at most this long after the first. */
  atMostMs: number;
}

/**
 * Changes of one `up` come within moments of each other; a device should hear of them once. So work for a key waits
 * until no more comes.
 */
export class Gatherer {
  readonly #work: (key: string) => void;
  readonly #times: GatherTimes;
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout; sinceMs: number }>();

  constructor(work: (key: string) => void, times: GatherTimes) {
    this.#work = work;
    this.#times = times;
  }

  add(key: string): void {
    const nowMs = performance.now();
    const before = this.#waiting.get(key);
    clearTimeout(before?.timer);
    const sinceMs = before?.sinceMs ?? nowMs;
    const { quietMs, atMostMs } = this.#times;
    const waitMs = Math.max(0, Math.min(quietMs, sinceMs + atMostMs - nowMs));
    const timer = setTimeout(() => {
      this.#waiting.delete(key);
      this.#work(key);
    }, waitMs);
    this.#waiting.set(key, { timer, sinceMs });
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
