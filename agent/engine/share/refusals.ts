import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../fleet/release/index.ts";
import { Digest, EpochMs, Name } from "../../../fleet/spec/index.ts";
import { Text } from "../../../fleet/text/index.ts";
import { readTextIfThere, writeFileDurably } from "../../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../../fleet/transfer/files/file-layer.ts";

/** An engine of another device that this one tried and did not take. */
const Refusal = z.strictObject({
  key: Digest,
  digest: Digest,
  device: Name,
  code: Text.max(64),
  atMs: EpochMs,
});
export type Refusal = z.infer<typeof Refusal>;

const MOST = 64;
const Kept = z.array(Refusal).max(MOST);

/**
 * Engines that this device refused, so that it refuses them at once. A file that cannot be read is as none: then an
 * engine is fetched, tried and refused once more.
 */
export class Refusals {
  readonly #file: string;
  readonly #layer: FileLayer;
  #kept: Refusal[] | null = null;

  constructor(stateDir: string, layer: FileLayer = DISK) {
    this.#file = join(stateDir, "engine-notes", "refused.json");
    this.#layer = layer;
  }

  /** Digests of the engines of a key, the newest last. */
  async of(key: string): Promise<string[]> {
    return (await this.#read()).filter((one) => one.key === key).map(({ digest }) => digest);
  }

  /** Throws what the disk says; it is known for this life all the same. */
  async add(refusal: Refusal): Promise<void> {
    const others = (await this.#read()).filter(({ digest }) => digest !== refusal.digest);
    this.#kept = [...others, refusal].slice(-MOST);
    await writeFileDurably(this.#file, JSON.stringify(this.#kept), 0o600, this.#layer);
  }

  async #read(): Promise<Refusal[]> {
    if (this.#kept !== null) return this.#kept;
    const text = await readTextIfThere(this.#file, this.#layer).catch(() => null);
    this.#kept ??= Kept.safeParse(parseJson(text ?? "")).data ?? [];
    return this.#kept;
  }
}
