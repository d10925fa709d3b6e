import path from "node:path";
import { FleetError } from "../../errors/index.ts";
import { Name } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { Selection, selectionFrom } from "./selection.ts";
import { readStored } from "./stored-json.ts";

/**
 * Selections, one file per device.
 *
 * INVARIANTS: memory is what the disk holds, so a write that failed changed nothing; changes happen one after the
 * other; a selection that cannot be read is refused at each use and stays as it is.
 */
export class SelectionStore {
  readonly #folder: string;
  readonly #layer: FileLayer;
  readonly #retained: (device: string) => Uint8Array | undefined;
  readonly #known = new Map<string, Selection | FleetError>();
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    retained: (device: string) => Uint8Array | undefined,
    layer: FileLayer,
  ) {
    this.#folder = folder;
    this.#retained = retained;
    this.#layer = layer;
  }

  static async open(
    folder: string,
    retained: (device: string) => Uint8Array | undefined,
    layer: FileLayer = DISK,
  ): Promise<SelectionStore> {
    await layer.mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new SelectionStore(folder, retained, layer);
    for (const entry of await layer.readdir(folder)) {
      const device = Name.safeParse(path.basename(entry, ".json"));
      if (entry.endsWith(".json") && device.success) await store.#load(device.data);
    }
    return store;
  }

  /** Devices that have a file of their own. */
  devices(): string[] {
    return [...this.#known.keys()];
  }

  has(device: string): boolean {
    return this.#known.has(device);
  }

  get(device: string): Selection {
    const known = this.#known.get(device);
    if (known instanceof FleetError) throw known;
    return known ?? selectionFrom(device, this.#retained(device));
  }

  /** Resolves when the changed selection is on disk. An exception of `change` leaves all as it was. */
  change(device: string, change: (selection: Selection) => Selection): Promise<void> {
    return this.#enqueue(async () => {
      const before = this.get(device);
      const next = change(before);
      if (next === before) return;
      await writeFileDurably(this.#fileOf(device), `${JSON.stringify(next)}\n`, 0o600, this.#layer);
      this.#known.set(device, next);
    });
  }

  forget(device: string): Promise<void> {
    return this.#enqueue(async () => {
      await this.#layer.rm(this.#fileOf(device), { force: true });
      this.#known.delete(device);
      await syncFolder(this.#folder, this.#layer);
    });
  }

  async settled(): Promise<void> {
    await this.#writes;
  }

  async #load(device: string): Promise<void> {
    try {
      const selection = await readStored(this.#fileOf(device), Selection, this.#layer);
      if (selection !== null) this.#known.set(device, selection);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      this.#known.set(device, error);
    }
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const result = this.#writes.then(task);
    this.#writes = result.catch(() => undefined);
    return result;
  }

  #fileOf(device: string): string {
    return path.join(this.#folder, `${Name.parse(device)}.json`);
  }
}
