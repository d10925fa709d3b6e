import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import { Digest, Name } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { readStored } from "./stored-json.ts";

const Previous = z.strictObject({ version: z.literal(1), pipelines: z.array(Digest) });

/**
 * The pipeline parts of each device's generation before the one that is retained for it, one file per device. They
 * are needed once a day, when parts are pruned, so they are not kept in memory.
 */
export class PreviousGenerations {
  readonly #folder: string;
  readonly #layer: FileLayer;

  private constructor(folder: string, layer: FileLayer) {
    this.#folder = folder;
    this.#layer = layer;
  }

  static async open(folder: string, layer: FileLayer = DISK): Promise<PreviousGenerations> {
    await layer.mkdir(folder, { recursive: true, mode: 0o700 });
    return new PreviousGenerations(folder, layer);
  }

  /** To be called before the next generation is published. */
  async replace(device: string, pipelines: readonly string[]): Promise<void> {
    const text = JSON.stringify({ version: 1, pipelines });
    await writeFileDurably(this.#fileOf(device), `${text}\n`, 0o600, this.#layer);
  }

  async forget(device: string): Promise<void> {
    await this.#layer.rm(this.#fileOf(device), { force: true });
    await syncFolder(this.#folder, this.#layer);
  }

  /** Of all devices; throws HUB_STATE_UNREADABLE, as what is not known may be anything. */
  async parts(): Promise<string[]> {
    const parts: string[] = [];
    for (const entry of await this.#layer.readdir(this.#folder)) {
      const device = Name.safeParse(path.basename(entry, ".json"));
      if (!entry.endsWith(".json") || !device.success) continue;
      const previous = await readStored(this.#fileOf(device.data), Previous, this.#layer);
      if (previous === null) {
        throw new FleetError("HUB_STATE_UNREADABLE", `Expected ${entry} to stay while it is read`);
      }
      parts.push(...previous.pipelines);
    }
    return parts;
  }

  #fileOf(device: string): string {
    return path.join(this.#folder, `${Name.parse(device)}.json`);
  }
}
