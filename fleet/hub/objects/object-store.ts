import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { FleetError } from "../../errors/index.ts";
import { Digest } from "../../spec/index.ts";
import { isErrno, syncFolder } from "../../transfer/files/durable-file.ts";
import type { ByteRange } from "./byte-range.ts";

/** Objects by the SHA-256 of their bytes, one file each. Whole and right when written; a disk may damage it later. */
export class ObjectStore {
  readonly #folder: string;
  readonly #incoming: string;
  /** What a file looked like when it was last found right. */
  readonly #verified = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = path.join(folder, "incoming");
  }

  static async open(folder: string): Promise<ObjectStore> {
    const store = new ObjectStore(folder);
    await mkdir(store.#incoming, { recursive: true, mode: 0o700 });
    // Uploads that a stop of the hub cut off.
    for (const name of await readdir(store.#incoming)) await rm(path.join(store.#incoming, name));
    return store;
  }

  /** Size in bytes, or null when the object is not there. */
  async size(digest: string): Promise<number | null> {
    try {
      return (await stat(this.#file(digest))).size;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return null;
      throw error;
    }
  }

  /**
   * As `size`, but null also when the file no longer has its digest: it is then removed, so that it can be sent again.
   * A file is read once, and again when it has changed since.
   */
  async verifiedSize(digest: string): Promise<number | null> {
    const sizeBytes = await this.size(digest);
    if (sizeBytes === null) return null;
    const file = this.#file(digest);
    const seen = await fingerprint(file);
    if (this.#verified.get(digest) === seen) return sizeBytes;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
    if (`sha256:${hash.digest("hex")}` === digest) {
      this.#verified.set(digest, seen);
      return sizeBytes;
    }
    await rm(file, { force: true });
    await syncFolder(this.#folder);
    return null;
  }

  read(digest: string, range?: ByteRange): Readable {
    const part = range ? { start: range.first, end: range.last } : {};
    return createReadStream(this.#file(digest), { highWaterMark: 1 << 18, ...part });
  }

  /** Takes the bytes in; throws ARTIFACT_DIGEST when they are not those that `digest` names. */
  async write(digest: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
    const file = this.#file(digest);
    const temporary = path.join(this.#incoming, randomBytes(8).toString("hex"));
    try {
      const got = await receive(temporary, bytes, maxBytes);
      if (got !== digest) {
        throw new FleetError("ARTIFACT_DIGEST", `Expected an object ${digest} but got ${got}`);
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  /** Only a well-formed digest ever becomes a path. */
  #file(digest: string): string {
    return path.join(this.#folder, Digest.parse(digest).slice("sha256:".length));
  }
}

/** Changes whenever somebody writes to the file or puts another in its place. */
async function fingerprint(file: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(":");
}

async function receive(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(file, "wx", 0o600);
  try {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        throw new FleetError(
          "USAGE",
          `Expected an object of at most ${maxBytes} bytes but got more`,
        );
      }
      hash.update(chunk);
      await handle.write(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return `sha256:${hash.digest("hex")}`;
}
