import { FleetError } from "../errors/index.ts";
import { abortFailure } from "./failure.ts";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Begins anew, from now on: something went on. */
  restart(ms?: number): void;
}

/** A signal that fires with SSH_TIMEOUT after `ms`, or with the outer signal, whichever comes first. */
export function startDeadline(ms: number, doing: string, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const onOuter = () => {
    if (outer) controller.abort(abortFailure(outer, doing));
  };
  const start = (afterMs: number) =>
    setTimeout(() => {
      const message = `Expected an answer within ${afterMs / 1000} s but got none while ${doing}`;
      controller.abort(new FleetError("SSH_TIMEOUT", message));
    }, afterMs);
  let timer = start(ms);
  if (outer?.aborted) onOuter();
  else outer?.addEventListener("abort", onOuter, { once: true });
  return {
    signal: controller.signal,
    restart(afterMs = ms) {
      clearTimeout(timer);
      timer = start(afterMs);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onOuter);
    },
  };
}

/** Settles with `promise`, or rejects with the signal's error as soon as it fires. */
export async function raceAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  doing: string,
): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortFailure(signal, doing));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
