import { join } from "node:path";
import { asFleetError, FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { diskErrorIn } from "../../fleet/transfer/files/disk-error.ts";
import {
  readTextIfThere,
  syncFolder,
  writeFileDurably,
} from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { hexOf, ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import { type BuiltNote, type EngineNote, openNote, sealNote } from "./engine-note.ts";
import { type Kept, toEvict } from "./quota.ts";
import { SealKey } from "./seal.ts";

const NOTE = /^([0-9a-f]{64})\.json$/;
/** Notes of models of which no engine can be made; the oldest go first. */
const MOST_UNBUILDABLE = 64;

/**
 * Engines by the digest of their key: their bytes as objects in `engines/`, which runners may read, and in
 * `engine-notes/`, sealed with a key that never leaves the device, what they are and what could not be built.
 *
 * INVARIANTS:
 * - a note is written when its engine is whole on the disk, and removed before it: what has no note is no engine.
 * - `verify` is what makes an engine fit to be loaded; whoever loads it compares its digest once more.
 */
export class EngineStore {
  readonly #files: ObjectStore;
  readonly #folder: string;
  readonly #layer: FileLayer;
  readonly #seal: SealKey;
  readonly #notes = new Map<string, EngineNote>();
  /** When an engine was last asked for, since the agent's start. */
  readonly #usedAtMs = new Map<string, number>();

  constructor(stateDir: string, layer: FileLayer = DISK) {
    // Runners may be of another user, who is of the folder's group.
    this.#files = new ObjectStore(join(stateDir, "engines"), layer, { groupReads: true });
    this.#folder = join(stateDir, "engine-notes");
    this.#layer = layer;
    this.#seal = new SealKey(this.#folder, layer);
  }

  /** Reads what is known. Resolves with what was refused, or could not be read, and why: nobody will load it. */
  async open(): Promise<FleetError[]> {
    await this.#files.open();
    await this.#seal.require();
    const refused: FleetError[] = [];
    for (const name of await this.#layer.readdir(this.#folder)) {
      const hex = NOTE.exec(name)?.[1];
      if (hex !== undefined) refused.push(...(await this.#tryNote(`sha256:${hex}`)));
    }
    // What belongs to a note that the disk does not give out now may be of use once it does.
    if (refused.every(({ code }) => code === "ENGINE_FOREIGN")) await this.#clearUnnamed();
    // Nobody knows whether what was being fetched is still wanted.
    await this.#files.removePartsExcept([]);
    return refused;
  }

  /** What is known under a key; null: nothing. */
  noteOf(key: string): EngineNote | null {
    return this.#notes.get(key) ?? null;
  }

  all(): EngineNote[] {
    return [...this.#notes.values()];
  }

  /** Where an engine lies, and the digest that whoever loads it must find; null when there is none. */
  placeOf(key: string): { path: string; digest: string } | null {
    const note = this.#notes.get(key);
    if (note?.outcome !== "built") return null;
    return { path: this.#files.pathOf(note.digest), digest: note.digest };
  }

  /**
   * The engine of a key, whose bytes are those that were built; null when there is none. Throws ENGINE_CUT,
   * ENGINE_ALTERED, ENGINE_MISSING: what was there is then removed.
   */
  async verify(key: string): Promise<BuiltNote | null> {
    const note = this.#notes.get(key);
    if (note?.outcome !== "built") return null;
    const size = await this.#files.size(note.digest);
    const isWhole = size === note.sizeBytes && (await this.#files.verify(note.digest));
    if (isWhole) {
      this.#usedAtMs.set(key, Date.now());
      return note;
    }
    await this.remove(key);
    throw damaged(note, size);
  }

  /** Forgets that an engine was found right, so that its bytes are read again. */
  distrust(key: string): void {
    const place = this.placeOf(key);
    if (place) this.#files.distrust(place.digest);
  }

  /** Takes an engine in. Throws ARTIFACT_DIGEST when the bytes are not those of the note, and what the disk says. */
  async put(key: string, note: BuiltNote, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#seal.require();
    await this.#files.write(note.digest, bytes, note.sizeBytes);
    await this.#write(key, note);
    this.#usedAtMs.set(key, Date.now());
  }

  /** Where an engine may come to lie piece by piece; `admit` takes it in once it is whole. */
  partOf(digest: string): { partPath: string; layer: FileLayer; folder: string } {
    const { layer, folder } = this.#files;
    return { partPath: this.#files.partPathOf(digest), layer, folder };
  }

  /** Gives a part that was checked a name under which runners may read it: to be tried, and `noted` or `discarded`. */
  async admit(digest: string): Promise<string> {
    await this.#files.adopt(digest);
    return this.#files.pathOf(digest);
  }

  /** Notes an engine that lies there whole. */
  async note(key: string, note: BuiltNote): Promise<void> {
    await this.#write(key, note);
    this.#usedAtMs.set(key, Date.now());
  }

  /** Removes what was admitted and found to be of no use. */
  async discard(digest: string): Promise<void> {
    if (this.#digests().has(digest)) await this.#files.removePart(digest);
    else await this.#files.remove(digest);
  }

  /** Remembers that none can be built, until something in the key changes. */
  async remember(key: string, note: Extract<EngineNote, { outcome: "unbuildable" }>) {
    await this.#write(key, note);
    const known = [...this.#notes].filter(([, { outcome }]) => outcome === "unbuildable");
    const oldest = known.sort(([, a], [, b]) => a.atMs - b.atMs).slice(0, -MOST_UNBUILDABLE);
    for (const [one] of oldest) await this.remove(one);
  }

  async remove(key: string): Promise<void> {
    const note = this.#notes.get(key);
    await this.#removeNote(key);
    if (note?.outcome !== "built" || this.#digests().has(note.digest)) return;
    await this.#files.remove(note.digest);
  }

  /** Makes the engines fit into `quotaBytes`, as far as those in use allow; resolves with the keys that went. */
  async evict(quotaBytes: number, inUse: ReadonlySet<string>): Promise<string[]> {
    const engines: Kept[] = [...this.#notes].flatMap(([key, note]) =>
      note.outcome === "built"
        ? { key, sizeBytes: note.sizeBytes, usedAtMs: this.#usedAtMs.get(key) ?? note.atMs }
        : [],
    );
    const evicted = toEvict(engines, quotaBytes, inUse);
    for (const key of evicted) await this.remove(key);
    return evicted;
  }

  #digests(): Set<string> {
    const notes = [...this.#notes.values()];
    return new Set(notes.flatMap((note) => (note.outcome === "built" ? note.digest : [])));
  }

  async #tryNote(key: string): Promise<FleetError[]> {
    try {
      const text = await readTextIfThere(this.#pathOf(key), this.#layer);
      const note = text === null ? null : openNote(text, key, await this.#seal.require());
      if (note !== null) this.#notes.set(key, note);
      return [];
    } catch (error) {
      if (isFleetError(error, "ENGINE_FOREIGN")) {
        await this.#removeNote(key);
        return [error];
      }
      const what = `what is known of engine ${key}`;
      return [diskErrorIn(error, what, "BOARD") ?? asFleetError(error, `reading ${what}`)];
    }
  }

  /** Engines that were cut off while they came, or whose note was refused. */
  async #clearUnnamed(): Promise<void> {
    const named = this.#digests();
    for (const digest of await this.#files.list()) {
      if (!named.has(digest)) await this.#files.remove(digest);
    }
  }

  async #write(key: string, note: EngineNote): Promise<void> {
    const text = sealNote(note, await this.#seal.require());
    await writeFileDurably(this.#pathOf(key), text, 0o600, this.#layer);
    this.#notes.set(key, note);
  }

  async #removeNote(key: string): Promise<void> {
    await this.#layer.rm(this.#pathOf(key), { force: true });
    this.#notes.delete(key);
    this.#usedAtMs.delete(key);
    await syncFolder(this.#folder, this.#layer);
  }

  #pathOf(key: string): string {
    return join(this.#folder, `${hexOf(key)}.json`);
  }
}

function damaged(note: BuiltNote, sizeBytes: number | null): FleetError {
  const which = `the engine ${note.digest} of model ${note.model}`;
  if (sizeBytes === null)
    return new FleetError("ENGINE_MISSING", `Expected ${which} but it is gone`);
  if (sizeBytes === note.sizeBytes) {
    return new FleetError("ENGINE_ALTERED", `Expected ${which} but its bytes are others`);
  }
  const message = `Expected ${note.sizeBytes} bytes but got ${sizeBytes} while reading ${which}`;
  return new FleetError("ENGINE_CUT", message);
}
