import { join } from "node:path";
import { ObjectStore } from "../fleet/transfer/files/object-store.ts";
import { EventJournal } from "./report/event-journal.ts";
import type { Log } from "./report/log.ts";
import { PresenceCounter } from "./report/presence.ts";
import { StateStore } from "./update/device-state.ts";

/** Everything the agent keeps in its state folder. */
export interface Disk {
  store: StateStore;
  objects: ObjectStore;
  journal: EventJournal;
  presence: PresenceCounter;
}

export async function openDisk(folder: string, bootId: string, log: Log): Promise<Disk> {
  const disk = {
    store: new StateStore(folder),
    objects: new ObjectStore(join(folder, "objects")),
    journal: new EventJournal(folder),
    presence: new PresenceCounter(folder, bootId),
  };
  const { damaged } = await disk.store.open();
  if (damaged) log.warn("state.json cannot be read; beginning without it");
  await disk.objects.open();
  await disk.journal.open();
  await disk.presence.open();
  return disk;
}
