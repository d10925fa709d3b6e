import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FleetEvent } from "../../fleet/contract/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";

export type NewEvent = Pick<FleetEvent, "kind" | "message" | "pipeline" | "data">;

/** Sequence number and hash of the newest event, which the next one continues. */
const Head = z.object({ seq: z.number().int().nonnegative(), hash: z.string().nullable() });
type Head = z.infer<typeof Head>;

/** More than this many unsent events: the oldest go. The gap shows in `seq` and in the hash chain. */
export const MAX_QUEUED_EVENTS = 1000;

/**
 * Events on their way to the operator, one file each, so that neither an absent hub nor a power cut loses them.
 *
 * INVARIANTS:
 * - `seq` never repeats: an event is on disk before it is sent, `head.json` before its file is removed.
 * - events leave in order; one is removed only after the broker has acknowledged it.
 */
export class EventJournal {
  readonly #folder: string;
  #head: Head = { seq: 0, hash: null };
  #queued: number[] = [];
  #writes: Promise<unknown> = Promise.resolve();

  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, "events");
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#queued = (await readdir(this.#folder))
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    this.#head = await this.#readHead();
  }

  get size(): number {
    return this.#queued.length;
  }

  /** Resolves with the event once it is on disk. */
  append(event: NewEvent, atMs = Date.now()): Promise<FleetEvent> {
    return this.#enqueue(async () => {
      const full: FleetEvent = {
        ...event,
        message: event.message.slice(0, 2000),
        seq: this.#head.seq + 1,
        atMs,
        previous: this.#head.hash,
      };
      const text = JSON.stringify(full);
      await writeFileDurably(this.#pathOf(full.seq), text);
      this.#head = { seq: full.seq, hash: hashOf(text) };
      await writeFileDurably(join(this.#folder, "head.json"), JSON.stringify(this.#head));
      this.#queued.push(full.seq);
      if (this.#queued.length > MAX_QUEUED_EVENTS) await this.#removeFirst();
      return full;
    });
  }

  /** The oldest event that was not acknowledged yet, as its exact text. */
  async first(): Promise<{ seq: number; text: string } | null> {
    await this.#writes;
    const [seq] = this.#queued;
    if (seq === undefined) return null;
    return { seq, text: await readFile(this.#pathOf(seq), "utf8") };
  }

  acknowledge(seq: number): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#queued[0] === seq) await this.#removeFirst();
    });
  }

  async #removeFirst(): Promise<void> {
    const seq = this.#queued.shift();
    if (seq !== undefined) await rm(this.#pathOf(seq), { force: true });
  }

  /** A crash may leave the newest event on disk without its head. */
  async #readHead(): Promise<Head> {
    const text = await readTextIfThere(join(this.#folder, "head.json"));
    const head = Head.safeParse(text === null ? null : tryParse(text));
    const known = head.success ? head.data : { seq: 0, hash: null };
    const last = this.#queued[this.#queued.length - 1] ?? 0;
    if (last <= known.seq) return known;
    return { seq: last, hash: hashOf(await readFile(this.#pathOf(last), "utf8")) };
  }

  #pathOf(seq: number): string {
    return join(this.#folder, `${String(seq).padStart(12, "0")}.json`);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(task);
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
