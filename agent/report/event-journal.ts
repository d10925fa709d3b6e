import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type DroppedRange,
  type FleetEvent,
  JOURNAL_DROPPED,
  JOURNAL_STARTED,
  type JournalDroppedData,
  type JournalHead,
  type JournalStartedData,
  MAX_EVENT_BYTES,
} from "../../fleet/contract/index.ts";
import { hashOfText, type Link, readEvent, withDropped } from "../../fleet/journal/index.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { type ChainHead, JournalFolder, type QueuedEvent } from "./journal-folder.ts";

export type NewEvent = Pick<FleetEvent, "kind" | "message" | "pipeline" | "data">;

/** Beyond this many unsent events the oldest DROP_AT_ONCE go, and an event declares them. */
export const MAX_QUEUED_EVENTS = 1000;
export const DROP_AT_ONCE = 100;
/** An event that the disk does not give out so many times is dropped, for it must not hold up those behind it. */
const MAX_UNREAD = 3;

const BEGINNINGS: Record<JournalStartedData["reason"], string> = {
  new: "The journal of events begins",
  lost: "The journal of events could not be read and begins anew",
  upgraded: "The journal of events begins anew: the former one had no name",
};

/** Why the newest event is not in the journal, so that it has to be told otherwise. */
export interface JournalFault {
  error: unknown;
  sinceMs: number;
}

/**
 * Events on their way to the operator, on disk, so that neither an absent hub nor a power cut loses them.
 *
 * INVARIANTS:
 * - a number never repeats: an event is on disk before it is sent, and the newest is removed only once `head.json`
 *   knows its number.
 * - events leave in order; one is removed only after the broker has acknowledged it, or when there are too many.
 * - what is dropped is noted in `head.json` first, and declared by later events until one of them is acknowledged.
 */
export class EventJournal {
  readonly #folder: JournalFolder;
  #head: ChainHead = { chain: "", seq: 0, hash: null, dropped: [] };
  #queued: QueuedEvent[] = [];
  #nextFile = 1;
  #fault: JournalFault | null = null;
  /** Events that could not be written since the last declaration. */
  #unwritten = 0;
  /** Times in a row that the disk did not give out the oldest event. */
  #unread = 0;
  #writes: Promise<unknown> = Promise.resolve();

  /** False while the disk does not give out what is there: nothing is numbered then, for numbers must not repeat. */
  #isOpen = false;

  constructor(stateFolder: string, layer: FileLayer = DISK) {
    this.#folder = new JournalFolder(join(stateFolder, "events"), layer);
  }

  /** Why the journal is not open yet; null when it is. The next event tries again. */
  async open(): Promise<string | null> {
    try {
      await this.#enqueue(() => this.#open());
      return null;
    } catch (error) {
      this.#fault = { error, sinceMs: Date.now() };
      return `the journal of events cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  get fault(): JournalFault | null {
    return this.#fault;
  }

  async #open(): Promise<void> {
    const { queued, nextFile, head } = await this.#folder.read();
    this.#queued = queued;
    this.#nextFile = nextFile;
    if (typeof head === "string") await this.#begin(head);
    else await this.#goOn(head);
    this.#isOpen = true;
  }

  async #goOn(head: ChainHead): Promise<void> {
    this.#head = { ...head, dropped: withHoles(head, this.#queuedLinks(head.chain)) };
    const declared = this.#queued.some(({ link }) => link.dropped.length > 0);
    if (this.#head.dropped.length > head.dropped.length) await this.#declare();
    else if (head.dropped.length > 0 && !declared) await this.#declare();
  }

  get size(): number {
    return this.#queued.length;
  }

  /** Where the chain ends right now; null while the disk does not say. */
  get head(): JournalHead | null {
    if (!this.#isOpen) return null;
    const { chain, seq, hash, dropped } = this.#head;
    const [oldest] = this.#queuedLinks(chain);
    const settledSeq = oldest ? oldest.seq - 1 : seq;
    return { chain, seq, hash, settledSeq, ...(dropped.length > 0 ? { dropped } : {}) };
  }

  /** Resolves with the event once it is on disk. What cannot be written is counted, and declared once that works. */
  append(event: NewEvent, atMs = Date.now()): Promise<FleetEvent> {
    return this.#enqueue(async () => {
      const written = await this.#writeOpened(event, atMs).catch((error: unknown) => {
        this.#unwritten += 1;
        this.#fault ??= { error, sinceMs: atMs };
        throw error;
      });
      this.#fault = null;
      if (this.#queued.length > MAX_QUEUED_EVENTS) await this.#dropOldest(DROP_AT_ONCE);
      else if (this.#unwritten > 0) await this.#declare();
      return written;
    });
  }

  /** The oldest event that was not acknowledged yet, as its exact text. */
  async first(): Promise<{ seq: number; text: string } | null> {
    await this.#writes;
    const [oldest] = this.#queued;
    if (oldest === undefined || !this.#isOpen) return null;
    try {
      const text = await this.#folder.readEvent(oldest.file);
      this.#unread = 0;
      return { seq: oldest.link.seq, text };
    } catch (error) {
      this.#unread += 1;
      if (this.#unread < MAX_UNREAD) throw error;
      this.#unread = 0;
      await this.#enqueue(() => this.#dropOldest(1));
      return this.first();
    }
  }

  acknowledge(seq: number): Promise<void> {
    return this.#enqueue(async () => {
      const [oldest] = this.#queued;
      if (oldest?.link.seq !== seq) return;
      const { dropped } = oldest.link;
      const pending = this.#head.dropped.filter((range) => !dropped.some(isSame(range)));
      const heard = pending.length < this.#head.dropped.length;
      this.#head = { ...this.#head, dropped: pending };
      if (heard || this.#queued.length === 1) await this.#folder.writeHead(this.#head);
      await this.#remove(1);
    });
  }

  async #writeOpened(event: NewEvent, atMs: number): Promise<FleetEvent> {
    if (!this.#isOpen) await this.#open();
    return this.#write(event, atMs);
  }

  async #write(event: NewEvent, atMs: number): Promise<FleetEvent> {
    const { chain, hash } = this.#head;
    const message = event.message.slice(0, 2000);
    const seq = this.#head.seq + 1;
    const full: FleetEvent = { ...event, message, chain, seq, atMs, previous: hash };
    const text = boundedText(full);
    const link = readEvent(text)?.link;
    if (!link) throw new Error(`an event of kind ${event.kind} is not of the contract`);
    await this.#folder.writeEvent(this.#nextFile, text);
    this.#queued.push({ file: this.#nextFile, link });
    this.#nextFile += 1;
    this.#head = { ...this.#head, seq, hash: hashOfText(text) };
    return full;
  }

  async #begin(reason: JournalStartedData["reason"]): Promise<void> {
    this.#head = { chain: randomBytes(8).toString("hex"), seq: 0, hash: null, dropped: [] };
    const data: JournalStartedData = { reason };
    await this.#write({ kind: JOURNAL_STARTED, message: BEGINNINGS[reason], data }, Date.now());
  }

  async #dropOldest(most: number): Promise<void> {
    const oldest = this.#queued.slice(0, most).map(({ link }) => link);
    const links = oldest.filter(({ chain }) => chain === this.#head.chain);
    const [first] = links;
    const last = links[links.length - 1];
    if (first && last) {
      const count = last.seq - first.seq + 1;
      const range = { firstSeq: first.seq, lastSeq: last.seq, count, previous: first.previous };
      this.#head = { ...this.#head, dropped: withDropped(this.#head.dropped, range) };
      await this.#folder.writeHead(this.#head);
    }
    await this.#remove(most);
    await this.#declare();
  }

  async #declare(): Promise<void> {
    const unwritten = this.#unwritten;
    const data: JournalDroppedData = { ranges: this.#head.dropped, unwritten };
    const count = this.#head.dropped.reduce((sum, one) => sum + one.count, unwritten);
    const message = `${count} ${count === 1 ? "event was" : "events were"} dropped on the device`;
    await this.#write({ kind: JOURNAL_DROPPED, message, data }, Date.now());
    this.#unwritten -= unwritten;
  }

  async #remove(count: number): Promise<void> {
    for (const { file } of this.#queued.splice(0, count)) await this.#folder.remove(file);
  }

  #queuedLinks(chain: string): Link[] {
    return this.#queued.flatMap(({ link }) => (link.chain === chain ? link : []));
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(task);
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

/** What was dropped, and the events whose files are spoilt: between the queued ones, and behind them. */
function withHoles(head: ChainHead, links: readonly Link[]): DroppedRange[] {
  let dropped = head.dropped;
  for (const [at, link] of links.entries()) {
    const nextSeq = links[at + 1]?.seq ?? head.seq + 1;
    const count = nextSeq - link.seq - 1;
    if (count <= 0) continue;
    const range = { firstSeq: link.seq + 1, lastSeq: nextSeq - 1, count, previous: link.hash };
    dropped = withDropped(dropped, range);
  }
  return dropped;
}

/** `data` is what may be long; the message says what happened. */
function boundedText(event: FleetEvent): string {
  const text = JSON.stringify(event);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= MAX_EVENT_BYTES) return text;
  return JSON.stringify({ ...event, data: { leftOutBytes: sizeBytes } });
}

const isSame = (a: DroppedRange) => (b: DroppedRange) => JSON.stringify(a) === JSON.stringify(b);
