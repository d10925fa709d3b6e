import { join } from "node:path";
import { DISK, type FileLayer } from "../fleet/transfer/files/file-layer.ts";
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
  /** What could not be read, and what that means; empty when all is well. */
  notices: string[];
}

/**
 * Opens what is there. Nothing on the disk keeps the agent from starting, for an agent that does not start tells
 * nobody what is wrong: each store goes on without what cannot be read, and a notice says so.
 */
export async function openDisk(
  folder: string,
  bootId: string,
  layer: FileLayer = DISK,
): Promise<Disk> {
  const disk = {
    store: new StateStore(folder, layer),
    // Runners may be of another user, who is of the folder's group.
    objects: new ObjectStore(join(folder, "objects"), layer, { groupReads: true }),
    journal: new EventJournal(folder, layer),
    presence: new PresenceCounter(folder, bootId, layer),
  };
  const read = await disk.store.open();
  const said = [
    read !== null && "why" in read ? read.why : null,
    await openObjects(disk.objects),
    await disk.journal.open(),
    await disk.presence.open(),
  ];
  return { ...disk, notices: said.filter((one) => one !== null) };
}

/** A download that needs the folder fails by itself, with a code, and is tried again. */
async function openObjects(objects: ObjectStore): Promise<string | null> {
  try {
    await objects.open();
    return null;
  } catch (error) {
    return `objects/ cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}
