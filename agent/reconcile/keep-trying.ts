import {
  type BackoffRange,
  backoffMs,
  throwIfAborted,
  wait,
} from "../../fleet/transfer/backoff.ts";

export interface Attempts {
  signal: AbortSignal;
  backoff: BackoffRange;
  onFailure: (error: unknown, waitMs: number) => void;
}

/** Repeats an action until it succeeds, with backoff; throws CANCELLED when the signal is given. */
export async function keepTrying<T>(action: () => Promise<T>, attempts: Attempts): Promise<T> {
  const { signal, backoff, onFailure } = attempts;
  for (let attempt = 0; ; attempt += 1) {
    throwIfAborted(signal);
    try {
      return await action();
    } catch (error) {
      const waitMs = backoffMs(attempt, backoff);
      onFailure(error, waitMs);
      await wait(waitMs, signal);
    }
  }
}
