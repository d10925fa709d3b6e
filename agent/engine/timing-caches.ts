import { join } from "node:path";
import { setMode, sizeIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { hexOf } from "../../fleet/transfer/files/object-store.ts";

/** Of builds; the longest untouched go first. */
const MOST_CACHES = 16;

/**
 * What builders found out about kernels, by the digest of the engine's key: what a power cut or a full disk took of a
 * build is quicker the second time. Of no other worth, so nobody is told when one is lost.
 */
export class TimingCaches {
  readonly #folder: string;
  readonly #layer: FileLayer;

  constructor(stateDir: string, layer: FileLayer = DISK) {
    this.#folder = join(stateDir, "timing-caches");
    this.#layer = layer;
  }

  /** Null: nothing was found out under this key yet. */
  async pathOf(key: string): Promise<string | null> {
    const path = this.#path(key);
    return (await sizeIfThere(path, this.#layer)) === null ? null : path;
  }

  async keep(key: string, cache: Uint8Array): Promise<void> {
    const path = this.#path(key);
    await writeFileDurably(path, cache, 0o600, this.#layer);
    // Builders may be of another user, who is of the folder's group.
    await setMode(this.#folder, 0o710, this.#layer);
    await setMode(path, 0o640, this.#layer);
    await this.#evict();
  }

  #path(key: string): string {
    return join(this.#folder, hexOf(key));
  }

  async #evict(): Promise<void> {
    const found = await Promise.all(
      (await this.#layer.readdir(this.#folder)).map(async (name) => {
        const path = join(this.#folder, name);
        return { path, atMs: (await this.#layer.stat(path)).mtimeMs };
      }),
    );
    const oldest = found.sort((a, b) => b.atMs - a.atMs).slice(MOST_CACHES);
    for (const { path } of oldest) await this.#layer.rm(path, { force: true });
  }
}
