import {
  type BackoffRange,
  backoffMs,
  throwIfAborted,
  wait,
} from "../../fleet/transfer/backoff.ts";

export interface Attempts {
  signal: AbortSignal;
  backoff: BackoffRange;
  /** Whether an error may pass by itself; what may not is thrown. Every error may unless said. */
  mayPass?: (error: unknown) => boolean;
  onFailure: (error: unknown, waitMs: number) => void;
}

/** Repeats an action until it succeeds, with backoff; throws CANCELLED when the signal is given. */
export async function keepTrying<T>(action: () => Promise<T>, attempts: Attempts): Promise<T> {
  const { signal, backoff, mayPass = () => true, onFailure } = attempts;
  for (let attempt = 0; ; attempt += 1) {
    throwIfAborted(signal);
    try {
      return await action();
    } catch (error) {
      throwIfAborted(signal);
      if (!mayPass(error)) throw error;
      const waitMs = backoffMs(attempt, backoff);
      onFailure(error, waitMs);
      await wait(waitMs, signal);
    }
  }
}
