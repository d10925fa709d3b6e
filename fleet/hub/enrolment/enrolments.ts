import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { Digest, EpochMs, Name } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { readStored } from "../deploy/stored-json.ts";
import { type NewEnrolment, tokenHashOf } from "../enrolment-api.ts";
import type { Log } from "../log.ts";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const Enrolment = z.strictObject({
  device: Name,
  tokenHash: Sha256,
  untilMs: EpochMs,
  script: z.string(),
  objects: z.array(Digest),
  /** Wrong tokens so far. */
  wrong: z.number().int().nonnegative(),
  /** Of the public key that has a certificate by it; null until one has. */
  usedBy: Sha256.nullable(),
});
export type Enrolment = z.infer<typeof Enrolment>;

const MOST_WRONG = 10;
const Id = z.string().regex(/^[0-9a-f]{32}$/);

/**
 * The boards that are awaited, one file each, in memory and on disk.
 *
 * INVARIANTS:
 * - what the disk does not hold has not happened: a try and a use are written before they are answered.
 * - one enrolment per device; another one replaces it.
 */
export class Enrolments {
  readonly #folder: string;
  readonly #layer: FileLayer;
  readonly #known = new Map<string, Enrolment>();
  /** The last change on its way to the disk: each decides by what the one before left. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, layer: FileLayer) {
    this.#folder = folder;
    this.#layer = layer;
  }

  /** A file that cannot be read awaits nobody, and is told. */
  static async open(folder: string, log: Log, layer: FileLayer = DISK): Promise<Enrolments> {
    const enrolments = new Enrolments(folder, layer);
    try {
      await layer.mkdir(folder, { recursive: true, mode: 0o700 });
      for (const entry of await layer.readdir(folder)) await enrolments.#load(entry, log);
    } catch (error) {
      log("boards that are awaited cannot be read", { reason: String(error) });
    }
    return enrolments;
  }

  /** Awaits a board from now on; resolves to the enrolment's id and end. */
  begin(device: string, { tokenHash, lifeMs, script, objects }: NewEnrolment) {
    return this.#inTurn(async () => {
      await this.#drop(device);
      const id = randomBytes(16).toString("hex");
      const now = Date.now();
      const untilMs = now + lifeMs;
      await this.#keep(id, { device, tokenHash, untilMs, script, objects, wrong: 0, usedBy: null });
      return { id, untilMs };
    });
  }

  end(device: string): Promise<void> {
    return this.#inTurn(() => this.#drop(device));
  }

  /** One that has neither ended nor been given up. */
  get(id: string): Enrolment | null {
    const enrolment = this.#known.get(id);
    if (!enrolment || enrolment.wrong >= MOST_WRONG || enrolment.untilMs <= Date.now()) return null;
    return enrolment;
  }

  /** The enrolment that a token opens; null, once that is on disk, for a wrong one. */
  admit(id: string, token: string): Promise<Enrolment | null> {
    return this.#inTurn(async () => {
      const enrolment = this.get(id);
      if (enrolment === null) return null;
      const isRight = timingSafeEqual(
        Buffer.from(tokenHashOf(token), "hex"),
        Buffer.from(enrolment.tokenHash, "hex"),
      );
      if (isRight) return enrolment;
      await this.#keep(id, { ...enrolment, wrong: enrolment.wrong + 1 });
      return null;
    });
  }

  /** Whether a key may have the certificate of an enrolment; from then on no other may. */
  use(id: string, publicKey: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const enrolment = this.get(id);
      const key = createHash("sha256").update(publicKey).digest("hex");
      if (enrolment === null) return false;
      if (enrolment.usedBy !== null) return enrolment.usedBy === key;
      await this.#keep(id, { ...enrolment, usedBy: key });
      return true;
    });
  }

  /** Those whose time is over go, too. */
  async #drop(device: string): Promise<void> {
    const now = Date.now();
    for (const [id, enrolment] of this.#known) {
      if (enrolment.device !== device && enrolment.untilMs > now) continue;
      await this.#layer.rm(this.#file(id), { force: true });
      this.#known.delete(id);
    }
    await syncFolder(this.#folder, this.#layer);
  }

  async #keep(id: string, enrolment: Enrolment): Promise<void> {
    await writeFileDurably(this.#file(id), `${JSON.stringify(enrolment)}\n`, 0o600, this.#layer);
    this.#known.set(id, enrolment);
  }

  async #load(entry: string, log: Log): Promise<void> {
    const id = Id.safeParse(path.basename(entry, ".json"));
    if (!id.success || !entry.endsWith(".json")) return;
    try {
      const enrolment = await readStored(this.#file(id.data), Enrolment, this.#layer);
      if (enrolment !== null) this.#known.set(id.data, enrolment);
    } catch (error) {
      log("a board is awaited no longer", { entry, reason: String(error) });
    }
  }

  #file(id: string): string {
    return path.join(this.#folder, `${Id.parse(id)}.json`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
