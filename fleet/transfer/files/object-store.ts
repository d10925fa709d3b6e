import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isNotFound, syncDirectory } from "./atomic-file.ts";

const OBJECT = /^[0-9a-f]{64}$/;

/**
 * Content-addressed files of the device: `objects/<hex>` whole, `objects/<hex>.part` on the way.
 *
 * INVARIANTS:
 * - a file gets its final name only after its digest was checked.
 * - `verify` reads the bytes from disk once per agent process and file; a file that does not fit is removed.
 */
export class ObjectStore {
  readonly folder: string;
  readonly #verified = new Map<string, number>();

  constructor(stateFolder: string) {
    this.folder = join(stateFolder, "objects");
  }

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  pathOf(digest: string): string {
    return join(this.folder, hexOf(digest));
  }

  partPathOf(digest: string): string {
    return `${this.pathOf(digest)}.part`;
  }

  /** True when the object lies whole and unspoilt on disk. */
  async verify(digest: string): Promise<boolean> {
    const path = this.pathOf(digest);
    const sizeBytes = await sizeOf(path);
    if (sizeBytes === null) return false;
    if (this.#verified.get(digest) === sizeBytes) return true;
    if ((await sha256OfFile(path)) !== digest) {
      await this.remove(digest);
      return false;
    }
    this.#verified.set(digest, sizeBytes);
    return true;
  }

  /** Forgets what was verified, so that the next `verify` reads the disk again. */
  distrust(digest: string): void {
    this.#verified.delete(digest);
  }

  /** Gives a downloaded and checked part its final name. */
  async adopt(digest: string): Promise<void> {
    await rename(this.partPathOf(digest), this.pathOf(digest));
    await rm(`${this.partPathOf(digest)}.etag`, { force: true });
    await syncDirectory(this.folder);
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.folder);
    return names.filter((name) => OBJECT.test(name)).map((name) => `sha256:${name}`);
  }

  async remove(digest: string): Promise<void> {
    this.#verified.delete(digest);
    await rm(this.pathOf(digest), { force: true });
    await this.removePart(digest);
    await syncDirectory(this.folder);
  }

  async removePart(digest: string): Promise<void> {
    await rm(this.partPathOf(digest), { force: true });
    await rm(`${this.partPathOf(digest)}.etag`, { force: true });
  }

  /** Removes every part of an object that nobody wants any more. */
  async removePartsExcept(digests: readonly string[]): Promise<void> {
    const wanted = new Set(digests.map(hexOf));
    for (const name of await readdir(this.folder)) {
      const hex = name.slice(0, 64);
      if (name !== hex && OBJECT.test(hex) && !wanted.has(hex)) {
        await rm(join(this.folder, name), { force: true });
      }
    }
  }
}

export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, "");
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}
