import { join } from "node:path";
import { ObjectStore } from "../fleet/transfer/files/object-store.ts";
import { EventJournal } from "./report/event-journal.ts";
import { PresenceCounter } from "./report/presence.ts";
import { StateStore } from "./update/state-store.ts";

/** Everything the agent keeps in its state folder. */
export interface Disk {
  store: StateStore;
  objects: ObjectStore;
  journal: EventJournal;
  presence: PresenceCounter;
  /** What of the state could not be read, and what that means; null when all is well. */
  notice: string | null;
}

export async function openDisk(folder: string, bootId: string): Promise<Disk> {
  const disk = {
    store: new StateStore(folder),
    objects: new ObjectStore(join(folder, "objects")),
    journal: new EventJournal(folder),
    presence: new PresenceCounter(folder, bootId),
  };
  const read = await disk.store.open();
  await disk.objects.open();
  await disk.journal.open();
  await disk.presence.open();
  return { ...disk, notice: read !== null && "why" in read ? read.why : null };
}
