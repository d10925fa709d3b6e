import { join } from "node:path";
import type { FleetError } from "../fleet/errors/index.ts";
import { DISK, type FileLayer } from "../fleet/transfer/files/file-layer.ts";
import { ObjectStore } from "../fleet/transfer/files/object-store.ts";
import { EngineStore } from "./engine/engine-store.ts";
import { KernelStore } from "./engine/kernel-store.ts";
import { Refusals } from "./engine/share/refusals.ts";
import { TimingCaches } from "./engine/timing-caches.ts";
import { EventJournal } from "./report/event-journal.ts";
import { PresenceCounter } from "./report/presence.ts";
import { StateStore } from "./update/state-store.ts";

/** Everything the agent keeps in its state folder. */
export interface Disk {
  store: StateStore;
  objects: ObjectStore;
  engines: EngineStore;
  refusals: Refusals;
  timings: TimingCaches;
  kernels: KernelStore;
  journal: EventJournal;
  presence: PresenceCounter;
  /** What could not be read, and what that means; empty when all is well. */
  notices: string[];
  /** Engines that are not this device's own, and notes of them that cannot be read. */
  refusedEngines: FleetError[];
  /** Kernels that are not this device's own, or not whole. */
  refusedKernels: FleetError[];
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
    engines: new EngineStore(folder, layer),
    refusals: new Refusals(folder, layer),
    timings: new TimingCaches(folder, layer),
    kernels: new KernelStore(folder, layer),
    journal: new EventJournal(folder, layer),
    presence: new PresenceCounter(folder, bootId, layer),
  };
  const read = await disk.store.open();
  const engines = await openRefusing(disk.engines, "engines");
  const kernels = await openRefusing(disk.kernels, "kernels");
  const said = [
    read !== null && "why" in read ? read.why : null,
    await openObjects(disk.objects),
    engines.notice,
    kernels.notice,
    await disk.journal.open(),
    await disk.presence.open(),
  ];
  const notices = said.filter((one) => one !== null);
  return { ...disk, notices, refusedEngines: engines.refused, refusedKernels: kernels.refused };
}

/** What is not known is built anew. */
async function openRefusing(
  store: EngineStore | KernelStore,
  what: string,
): Promise<{ refused: FleetError[]; notice: string | null }> {
  try {
    return { refused: await store.open(), notice: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { refused: [], notice: `${what} cannot be opened: ${reason}` };
  }
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
