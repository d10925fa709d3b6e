import path from "node:path";
import { z } from "zod";
import { EpochMs, Name } from "../../spec/index.ts";
import { readIfThere, syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import type { Log } from "../log.ts";
import type { Principal } from "./principal.ts";

const Entry = z.strictObject({
  serial: z.string().regex(/^[0-9A-F]{2,64}$/),
  fromMs: EpochMs,
  untilMs: EpochMs,
});
type Entry = z.infer<typeof Entry>;
const Listed = z.strictObject({ certificates: z.array(Entry) });

const FOLDERS = { device: "devices", operator: "operators" } as const;
type Kind = Principal["kind"];

/** What the disk did not give out is asked for again so often. */
const REREAD_MS = 5000;

/** Of one name; more than a person has machines. Who asks for more loses the oldest. */
export const MOST_IN_FORCE = 16;

/**
 * The certificates that are in force, one file per device and operator, in memory and on disk. What is not listed here
 * is refused, whatever the CA once signed: to revoke is to remove.
 *
 * INVARIANTS:
 * - memory is what the disk holds, so a write that failed changed nothing.
 * - a file that is damaged lists nothing; one that the disk does not give out is asked for again until it does. Either is
 *   told, and keeps no other from being read.
 */
export class CertificateRegister {
  readonly #dir: string;
  readonly #log: Log;
  readonly #layer: FileLayer;
  #rereading: NodeJS.Timeout | undefined;
  readonly #entries: Record<Kind, Map<string, Entry[]>> = {
    device: new Map(),
    operator: new Map(),
  };

  /** The last change on its way to the disk. */
  #last: Promise<void> = Promise.resolve();

  private constructor(dir: string, log: Log, layer: FileLayer) {
    this.#dir = dir;
    this.#log = log;
    this.#layer = layer;
  }

  static async open(dir: string, log: Log, layer: FileLayer = DISK): Promise<CertificateRegister> {
    const register = new CertificateRegister(dir, log, layer);
    await register.#read();
    return register;
  }

  stop(): void {
    clearTimeout(this.#rereading);
  }

  names(kind: Kind): string[] {
    return [...this.#entries[kind].keys()];
  }

  has({ kind, name }: Principal): boolean {
    return this.#entries[kind].has(name);
  }

  accepts(who: Principal, serial: string): boolean {
    return this.find(who, serial) !== undefined;
  }

  /** Undefined also for one that has ended meanwhile: a connection may live longer than its certificate. */
  find({ kind, name }: Principal, serial: string): Entry | undefined {
    const now = Date.now();
    return this.#entries[kind]
      .get(name)
      ?.find((entry) => entry.serial === serial && entry.untilMs > now);
  }

  /** Beside those in force; what has ended is dropped on the way. */
  async add(who: Principal, entry: Entry): Promise<void> {
    const now = Date.now();
    const others = (this.#entries[who.kind].get(who.name) ?? []).filter(
      ({ untilMs }) => untilMs > now,
    );
    await this.#keep(who, [...others, entry].slice(-MOST_IN_FORCE));
  }

  /**
   * A device that shows a certificate has it safely on disk: the ones issued before it are in force no longer.
   * An operator may have copies on several machines, each of which lives until its end. True when any was dropped.
   */
  async used(who: Principal, serial: string): Promise<boolean> {
    const entries = this.#entries[who.kind].get(who.name) ?? [];
    const at = entries.findIndex((entry) => entry.serial === serial);
    if (who.kind !== "device" || at <= 0) return false;
    await this.#keep(who, entries.slice(at));
    return true;
  }

  /** Revokes every certificate of the device or operator. */
  async remove(who: Principal): Promise<void> {
    const known = this.#entries[who.kind];
    const before = known.get(who.name);
    known.delete(who.name);
    try {
      await this.#inTurn(() => this.#layer.rm(this.#file(who), { force: true }));
    } catch (error) {
      if (before && !known.has(who.name)) known.set(who.name, before);
      throw error;
    }
    await syncFolder(path.join(this.#dir, FOLDERS[who.kind]), this.#layer);
  }

  /** In memory at once, so that two at the same time do not lose one; on disk one after the other. */
  async #keep(who: Principal, entries: Entry[]): Promise<void> {
    const known = this.#entries[who.kind];
    const before = known.get(who.name);
    known.set(who.name, entries);
    try {
      await this.#inTurn(() => this.#write(who));
    } catch (error) {
      if (before) known.set(who.name, before);
      else known.delete(who.name);
      throw error;
    }
  }

  /** What is in force now, which may be more than when it was asked for; nothing for who was removed. */
  async #write(who: Principal): Promise<void> {
    const certificates = this.#entries[who.kind].get(who.name);
    if (certificates) {
      const text = `${JSON.stringify({ certificates })}\n`;
      await writeFileDurably(this.#file(who), text, 0o600, this.#layer);
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Reads what is not known yet; what cannot be read is tried again later. */
  async #read(): Promise<void> {
    let isWhole = true;
    for (const kind of ["device", "operator"] as const) {
      try {
        isWhole = (await this.#readKind(kind)) && isWhole;
      } catch (error) {
        isWhole = false;
        this.#log("the certificates in force cannot be read", { kind, reason: String(error) });
      }
    }
    if (!isWhole) this.#rereading = setTimeout(() => void this.#read(), REREAD_MS).unref();
  }

  /** False when a file was not given out. */
  async #readKind(kind: Kind): Promise<boolean> {
    const folder = path.join(this.#dir, FOLDERS[kind]);
    await this.#layer.mkdir(folder, { recursive: true, mode: 0o700 });
    let isWhole = true;
    for (const file of await this.#layer.readdir(folder)) {
      const name = Name.safeParse(path.basename(file, ".json"));
      if (!file.endsWith(".json") || !name.success) continue;
      if (this.#entries[kind].has(name.data)) continue;
      try {
        const bytes = await readIfThere(path.join(folder, file), this.#layer);
        const entries = parseEntries(bytes?.toString("utf8") ?? "");
        if (!entries) {
          const who = { kind, name: name.data };
          this.#log("no certificate is in force: the next `up` makes one", who);
        }
        // One that was issued meanwhile counts.
        if (!this.#entries[kind].has(name.data)) this.#entries[kind].set(name.data, entries ?? []);
      } catch (error) {
        isWhole = false;
        const why = { kind, name: name.data, reason: String(error) };
        this.#log("the certificates in force cannot be read", why);
      }
    }
    return isWhole;
  }

  #file({ kind, name }: Principal): string {
    return path.join(this.#dir, FOLDERS[kind], `${Name.parse(name)}.json`);
  }
}

/** Null for a file that is damaged, or of a version that had passwords. */
function parseEntries(text: string): Entry[] | null {
  try {
    return Listed.parse(JSON.parse(text)).certificates;
  } catch {
    return null;
  }
}
