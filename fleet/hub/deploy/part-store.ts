import { utimes } from "node:fs/promises";
import path from "node:path";
import { SignedEnvelope } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import {
  type Addressee,
  canonicalJson,
  compareNumbers,
  inspectPart,
  isInScope,
  type OpenedPart,
  type Part,
} from "../../release/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import type { Log } from "../log.ts";
import { readStored } from "./stored-json.ts";

/**
 * Signed parts, each in a file named by its digest and kept in memory. They never change; a file that cannot be read
 * is a part that is not there, until whoever released it sends it again. Those that nothing names go after a while.
 */
export class PartStore {
  readonly #folder: string;
  readonly #layer: FileLayer;
  readonly #parts = new Map<string, OpenedPart>();
  /** When a part was sent or named last, by this machine's clock; the time of its file. */
  readonly #usedAtMs = new Map<string, number>();

  private constructor(folder: string, layer: FileLayer) {
    this.#folder = folder;
    this.#layer = layer;
  }

  static async open(folder: string, log: Log, layer: FileLayer = DISK): Promise<PartStore> {
    await layer.mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new PartStore(folder, layer);
    for (const entry of await layer.readdir(folder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(entry)) continue;
      await store
        .#load(entry)
        .catch((error: unknown) =>
          log("a part is not used", { entry, reason: error instanceof Error ? error.message : "" }),
        );
    }
    return store;
  }

  get(digest: string): OpenedPart | null {
    return this.#parts.get(digest) ?? null;
  }

  /** The part of a kind and name for a device with the highest number. */
  newest(kind: Part["kind"], name: string, addressee: Addressee): OpenedPart | null {
    let newest: OpenedPart | null = null;
    for (const part of this.#parts.values()) {
      const { document } = part;
      if (document.kind !== kind || document.name !== name) continue;
      if (!isInScope(document.scope, addressee)) continue;
      if (newest === null || compareNumbers(document.number, newest.document.number) > 0) {
        newest = part;
      }
    }
    return newest;
  }

  /** A set that names a model by its digest; of several the one with the highest number. */
  newestSetOf(model: string): OpenedPart | null {
    let newest: OpenedPart | null = null;
    for (const part of this.#parts.values()) {
      const { document } = part;
      if (document.kind !== "set" || !document.models.some(({ digest }) => digest === model))
        continue;
      if (newest === null || compareNumbers(document.number, newest.document.number) > 0) {
        newest = part;
      }
    }
    return newest;
  }

  /** Keeps a part whose signature was checked. */
  async add(part: OpenedPart): Promise<void> {
    if (this.#parts.has(part.digest)) return await this.use([part.digest]);
    const text = `${JSON.stringify(part.envelope)}\n`;
    await writeFileDurably(this.#fileOf(part.digest), text, 0o600, this.#layer);
    this.#parts.set(part.digest, part);
    this.#usedAtMs.set(part.digest, Date.now());
  }

  /** Notes that these parts, and the sets of those that are pipelines, are named by something now. */
  async use(digests: readonly string[]): Promise<void> {
    const now = new Date();
    for (const digest of this.#withSets(digests)) {
      if (!this.#parts.has(digest)) continue;
      this.#usedAtMs.set(digest, now.getTime());
      // Lost with the power, it only makes the part look older than it is.
      await utimes(this.#fileOf(digest), now, now).catch(() => undefined);
    }
  }

  /**
   * Removes what was used last before a time, but for the parts that are named, their sets, and the newest of a kind
   * and name for each scope.
   */
  async removeExcept(named: readonly string[], beforeMs: number) {
    const newest = [...this.#newestOfAll().values()].map(({ digest }) => digest);
    const kept = this.#withSets([...named, ...newest]);
    let removed = 0;
    for (const digest of [...this.#parts.keys()]) {
      // Looked at again for each, as one may be sent while another is removed.
      if (kept.has(digest) || (this.#usedAtMs.get(digest) ?? beforeMs) >= beforeMs) continue;
      await this.#remove(digest);
      removed += 1;
    }
    if (removed > 0) await syncFolder(this.#folder, this.#layer);
    return { removed, kept: this.#parts.size };
  }

  /** Out of memory first, so that who sends it meanwhile writes it anew; back again where the disk keeps it. */
  async #remove(digest: string): Promise<void> {
    const part = this.#parts.get(digest);
    this.#parts.delete(digest);
    try {
      await this.#layer.rm(this.#fileOf(digest), { force: true });
      this.#usedAtMs.delete(digest);
    } catch (error) {
      if (part && !this.#parts.has(digest)) this.#parts.set(digest, part);
      throw error;
    }
  }

  #newestOfAll(): Map<string, OpenedPart> {
    const newest = new Map<string, OpenedPart>();
    for (const part of this.#parts.values()) {
      const { kind, name, scope, number } = part.document;
      const key = canonicalJson({ kind, name, scope });
      const before = newest.get(key);
      if (!before || compareNumbers(number, before.document.number) > 0) newest.set(key, part);
    }
    return newest;
  }

  #withSets(digests: readonly string[]): Set<string> {
    const sets = digests.flatMap((digest) => {
      const document = this.#parts.get(digest)?.document;
      return document?.kind === "pipeline" ? [document.set] : [];
    });
    return new Set([...digests, ...sets]);
  }

  async #load(entry: string): Promise<void> {
    const envelope = await readStored(path.join(this.#folder, entry), SignedEnvelope, this.#layer);
    if (envelope === null) return;
    const part = inspectPart(envelope);
    if (this.#fileOf(part.digest) !== path.join(this.#folder, entry)) {
      throw new FleetError("HUB_STATE_UNREADABLE", `Expected the part that ${entry} is named by`);
    }
    this.#parts.set(part.digest, part);
    this.#usedAtMs.set(
      part.digest,
      (await this.#layer.stat(path.join(this.#folder, entry))).mtimeMs,
    );
  }

  #fileOf(digest: string): string {
    return path.join(this.#folder, `${digest.slice("sha256:".length)}.json`);
  }
}
