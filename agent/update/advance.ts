import type { DeviceState } from "./device-state.ts";
import { isSettled, transition, type UpdateEvent } from "./machine.ts";
import { objectsOf } from "./pipeline-version.ts";

/**
 * The state of the device after an event of its update, so that one write keeps both together; the very same
 * object when the event does nothing. `setDigest` is that of the target.
 */
export function advance(
  state: DeviceState,
  event: UpdateEvent,
  setDigest: string,
  nowMs: number,
): DeviceState {
  const update = transition(state.update, event, nowMs);
  if (update === state.update) return state;
  const next = { ...state, update };
  // A generation in the state is one whose update has begun.
  if (event.type === "accepted") next.generation = event.generation;
  // An update that takes over from an unfinished one goes back to what was whole before both.
  if (update.state === "swapping") next.before = state.before ?? state.active;
  if (update.state === "committed") {
    next.setDigest = setDigest;
    next.previousObjects = previousObjects(state);
  }
  if (isSettled(update)) next.before = null;
  return next;
}

/** Objects of the set before the running one, as they will be once the update is committed. */
export function previousObjects({ before, active, previousObjects }: DeviceState): string[] {
  const former = objectsOf(before ?? active);
  return former.join() === objectsOf(active).join() ? previousObjects : former;
}
