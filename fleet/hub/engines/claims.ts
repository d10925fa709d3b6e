/**
 * Who builds the engine of a key, so that the others need not. By the hub's own clock, which nobody sets.
 *
 *            ask, by the holder  ask, by another  progress, by the holder  progress, by another  end, by the holder  lease over
 *   free     held                held             held                     held                  –                   –
 *   held     held, renewed       held             held, renewed            held                  free                free
 *
 * – and `held`: nothing changes. Progress of somebody while nobody holds is of one who builds since before this hub was
 * started. `end` of another than the holder does nothing. A holder that is gone has ended.
 */

export interface Claim {
  device: string;
  untilMs: number;
  /** 0 to 1, and what is being done. */
  progress: number;
  phase: string;
}

export type ClaimEvent =
  | { type: "ask"; device: string; atMs: number }
  | { type: "progress"; device: string; atMs: number; progress: number; phase: string }
  | { type: "end"; device: string; atMs: number };

/** Six times what a device lets pass between two words, so that a bad link does not make two build. */
export const LEASE_MS = 30_000;

/** The claim after an event; null: nobody builds. */
export function afterEvent(
  before: Claim | null,
  event: ClaimEvent,
  leaseMs = LEASE_MS,
): Claim | null {
  const { device, atMs } = event;
  const claim = before !== null && atMs < before.untilMs ? before : null;
  if (claim !== null && claim.device !== device) return claim;
  if (event.type === "end") return null;
  const untilMs = atMs + leaseMs;
  if (event.type === "progress") {
    return { device, untilMs, progress: event.progress, phase: event.phase };
  }
  return claim === null
    ? { device, untilMs, progress: 0, phase: "about to build" }
    : { ...claim, untilMs };
}
