import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { FleetError } from "../../errors/index.ts";
import { Digest } from "../../spec/index.ts";
import { isErrno, setMode, sizeIfThere, syncFolder } from "./durable-file.ts";
import { DISK, type FileLayer } from "./file-layer.ts";
import { digestOfFile } from "./hash-file.ts";
import { receiveFile } from "./receive-file.ts";

const OBJECT = /^[0-9a-f]{64}$/;
const INCOMING = "incoming";
/** A bad block, or a folder in the object's place. */
const UNREADABLE = ["EIO", "EISDIR"];

/**
 * Objects by the SHA-256 of their bytes, one file each: `<hex>` whole, `<hex>.part` on the way by download, below
 * `incoming/` on the way by `write`.
 *
 * INVARIANTS:
 * - a file gets its final name only after its digest was checked.
 * - a disk may damage it later: `verifiedSize` reads the bytes once, and again when the file has changed since.
 */
export class ObjectStore {
  readonly folder: string;
  readonly layer: FileLayer;
  readonly #groupReads: boolean;
  /** What a file looked like when it was last found right. */
  readonly #verified = new Map<string, string>();
  /** Who asks for what is being read waits for the same reading. */
  readonly #verifying = new Map<string, Promise<number | null>>();

  /** With `groupReads` the folder's group may read objects that it knows the digest of; else nobody else reads any. */
  constructor(folder: string, layer: FileLayer = DISK, { groupReads = false } = {}) {
    this.folder = folder;
    this.layer = layer;
    this.#groupReads = groupReads;
  }

  /** Makes the folder; what a stop cut off while `write` took it in is removed. */
  async open(): Promise<void> {
    await this.layer.mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.layer.rm(join(this.folder, INCOMING), { recursive: true, force: true });
    if (!this.#groupReads) return;
    await setMode(this.folder, 0o710, this.layer);
    for (const digest of await this.list()) await this.#share(this.pathOf(digest));
  }

  /** Lets the group read an object that is whole. */
  async #share(path: string): Promise<void> {
    if (this.#groupReads) await setMode(path, 0o640, this.layer);
  }

  /** Only a well-formed digest ever becomes a path. */
  pathOf(digest: string): string {
    return join(this.folder, hexOf(Digest.parse(digest)));
  }

  partPathOf(digest: string): string {
    return `${this.pathOf(digest)}.part`;
  }

  /** Size in bytes, or null when the object is not there. */
  size(digest: string): Promise<number | null> {
    return sizeIfThere(this.pathOf(digest), this.layer);
  }

  /**
   * As `size`, but null also when the file no longer has its digest: it is then removed, so that it can come again. One
   * whose bytes the disk does not give out counts as not there and stays: what comes in its place replaces it.
   */
  verifiedSize(digest: string): Promise<number | null> {
    const running = this.#verifying.get(digest);
    if (running) return running;
    const asked = this.#verifySize(digest).finally(() => this.#verifying.delete(digest));
    this.#verifying.set(digest, asked);
    return asked;
  }

  async #verifySize(digest: string): Promise<number | null> {
    const seen = await fingerprint(this.pathOf(digest), this.layer);
    if (seen === null) return null;
    if (this.#verified.get(digest) !== seen.print) {
      const found = await digestIfReadable(this.pathOf(digest), this.layer);
      if (found === null) return null;
      if (found !== digest) {
        await this.remove(digest);
        return null;
      }
      this.#verified.set(digest, seen.print);
    }
    return seen.sizeBytes;
  }

  /** True when the object lies whole and unspoilt on disk. */
  async verify(digest: string): Promise<boolean> {
    return (await this.verifiedSize(digest)) !== null;
  }

  /** Forgets what was verified, so that the bytes are read again. */
  distrust(digest: string): void {
    this.#verified.delete(digest);
  }

  /** Takes the bytes in; throws ARTIFACT_DIGEST when they are not those that `digest` names. */
  async write(digest: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
    const path = this.pathOf(digest);
    const incoming = join(this.folder, INCOMING);
    await this.layer.mkdir(incoming, { recursive: true, mode: 0o700 });
    const temporary = join(incoming, randomBytes(8).toString("hex"));
    try {
      const got = await receiveFile(temporary, bytes, maxBytes, this.layer);
      if (got !== digest) {
        throw new FleetError("ARTIFACT_DIGEST", `Expected an object ${digest} but got ${got}`);
      }
      await this.#share(temporary);
      await this.layer.rename(temporary, path);
    } catch (error) {
      // What stopped the write is what must be told, also where the disk lets nobody clean up.
      await this.layer.rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(this.folder, this.layer);
  }

  /** Gives a downloaded and checked part its final name. */
  async adopt(digest: string): Promise<void> {
    await this.#share(this.partPathOf(digest));
    await this.layer.rename(this.partPathOf(digest), this.pathOf(digest));
    await this.layer.rm(`${this.partPathOf(digest)}.etag`, { force: true });
    await syncFolder(this.folder, this.layer);
  }

  async list(): Promise<string[]> {
    const names = await this.layer.readdir(this.folder);
    return names.filter((name) => OBJECT.test(name)).map((name) => `sha256:${name}`);
  }

  async remove(digest: string): Promise<void> {
    this.#verified.delete(digest);
    await this.layer.rm(this.pathOf(digest), { force: true });
    await this.removePart(digest);
    await syncFolder(this.folder, this.layer);
  }

  async removePart(digest: string): Promise<void> {
    await this.layer.rm(this.partPathOf(digest), { force: true });
    await this.layer.rm(`${this.partPathOf(digest)}.etag`, { force: true });
  }

  /** Removes every part of an object that nobody wants any more. */
  async removePartsExcept(digests: readonly string[]): Promise<void> {
    const wanted = new Set(digests.map(hexOf));
    for (const name of await this.layer.readdir(this.folder)) {
      const hex = name.slice(0, 64);
      if (name !== hex && OBJECT.test(hex) && !wanted.has(hex)) {
        await this.layer.rm(join(this.folder, name), { force: true });
      }
    }
  }
}

export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, "");
}

/** Changes whenever somebody writes to the file or puts another in its place; null when there is none. */
async function fingerprint(
  path: string,
  layer: FileLayer,
): Promise<{ print: string; sizeBytes: number } | null> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await layer.stat(path, { bigint: true });
    return { print: [ino, size, mtimeNs, ctimeNs].join(":"), sizeBytes: Number(size) };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** Null when the disk does not give the bytes out. */
async function digestIfReadable(path: string, layer: FileLayer): Promise<string | null> {
  try {
    return await digestOfFile(path, layer);
  } catch (error) {
    if (UNREADABLE.some((code) => isErrno(error, code))) return null;
    throw error;
  }
}
