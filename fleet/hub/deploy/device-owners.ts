import path from "node:path";
import { FleetError } from "../../errors/index.ts";
import { DeviceOwner, mayFollow, Name, ownerText } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { readStored } from "./stored-json.ts";

/**
 * Whose each device is, one file per device. Nothing is kept in memory: it is asked for when a device is provisioned
 * or deleted. A file that cannot be read is an error for its device, never "nobody's".
 */
export class DeviceOwners {
  readonly #folder: string;
  readonly #layer: FileLayer;
  /** The last change on its way to the disk: each decides by what the one before left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string, layer: FileLayer = DISK) {
    this.#folder = folder;
    this.#layer = layer;
  }

  /** Resolves to the former owner when it is on disk; throws DEVICE_OWNED when the device is another program's. */
  claim(device: string, owner: DeviceOwner, takeOver: boolean): Promise<DeviceOwner | null> {
    return this.#inTurn(async () => {
      // Whoever may take over need not be able to read from whom.
      const before = await this.#read(device).catch((error: unknown) => {
        if (takeOver) return null;
        throw error;
      });
      if (!takeOver && !mayFollow(owner, before)) throw owned(device, ownerText(owner), before);
      await writeFileDurably(this.#file(device), `${JSON.stringify(owner)}\n`, 0o600, this.#layer);
      return before;
    });
  }

  /** Throws DEVICE_OWNED unless the device is nobody's or `id`'s; null is a resource from before devices had owners. */
  async require(device: string, id: string | null): Promise<void> {
    const before = await this.#read(device);
    if (before !== null && before.id !== id) throw owned(device, "the resource that asks", before);
  }

  forget(device: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#layer.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#layer.rm(this.#file(device), { force: true });
      await syncFolder(this.#folder, this.#layer);
    });
  }

  #read(device: string): Promise<DeviceOwner | null> {
    return readStored(this.#file(device), DeviceOwner, this.#layer);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #file(device: string): string {
    return path.join(this.#folder, `${Name.parse(device)}.json`);
  }
}

function owned(device: string, wanted: string, owner: DeviceOwner | null): FleetError {
  const got = owner === null ? "a program's that it does not tell" : ownerText(owner);
  return new FleetError(
    "DEVICE_OWNED",
    `Expected device ${device} at the hub to be free or of ${wanted} but it is of ${got}`,
  );
}
