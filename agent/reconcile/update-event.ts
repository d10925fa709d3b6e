import type { UpdateEventData } from "../../fleet/contract/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { isSettled, type Update } from "../update/machine.ts";

/** What the journal says of a change of the update's state. */
export function updateEvent(
  before: Update,
  update: Update,
  { generation, setDigest }: { generation: number; setDigest: string },
  receivedBytes: number,
): NewEvent {
  const why = "error" in update ? `: ${update.error.message}` : "";
  const data: UpdateEventData = { generation, setDigest, state: update.state };
  // What was settled did not take time, and what was superseded belongs to another generation.
  if (!isSettled(before) && "generation" in before && before.generation === generation) {
    data.from = before.state;
    data.tookMs = Math.max(0, update.sinceMs - before.sinceMs);
    if (before.state === "fetching") data.bytes = receivedBytes;
  }
  return { kind: "update", message: `Generation ${generation} is ${update.state}${why}`, data };
}
