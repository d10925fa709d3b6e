import type { UpdateEventData } from "../../fleet/contract/index.ts";
import { allModels, setDigestOf } from "../../fleet/release/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { isSettled, targetOf, type Update } from "../update/machine.ts";

/**
 * What the journal says of a change of the state of a pipeline's update. `tookMs`: how long the former state took;
 * null when that is not known, as after a restart.
 */
export function updateEvent(
  pipeline: string,
  before: Update,
  update: Update,
  tookMs: number | null,
  receivedBytes: number,
): NewEvent {
  const why = "error" in update ? `: ${update.error.message}` : "";
  const event = { kind: "update", pipeline, message: `${pipeline} is ${update.state}${why}` };
  const names = namesOf(update) ?? namesOf(before);
  if (names === null) return event;
  const data: UpdateEventData = { ...names, state: update.state };
  // What was settled did not take time, and what was superseded belongs to another update.
  if (!isSettled(before) && namesOf(before)?.generation === names.generation) {
    data.from = before.state;
    if (tookMs !== null) data.tookMs = Math.max(0, Math.round(tookMs));
    if (before.state === "fetching") data.bytes = receivedBytes;
  }
  return { ...event, data };
}

/** What an update is about; null when that was never said. */
function namesOf(update: Update): Pick<UpdateEventData, "generation" | "setDigest"> | null {
  const target = targetOf(update);
  if (target) {
    const { generation, set, version } = target;
    return { generation, setDigest: set?.digest ?? setDigestOf(allModels(version)) };
  }
  if (update.state !== "committed" || update.set === null) return null;
  return { generation: update.generation, setDigest: update.set.digest };
}
