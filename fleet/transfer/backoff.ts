import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../errors/index.ts";

export interface BackoffRange {
  baseMs: number;
  capMs: number;
}

/** Exponential backoff with full jitter: many devices that lost one hub must not return as one wave. */
export function backoffMs(attempt: number, range: BackoffRange, random = Math.random): number {
  const ceiling = Math.min(range.capMs, range.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(random() * ceiling);
}

/** Waits, or throws CANCELLED as soon as the signal is given. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (cause) {
    throw new FleetError("CANCELLED", "Cancelled while waiting", { cause });
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new FleetError("CANCELLED", "Superseded or stopped");
}
