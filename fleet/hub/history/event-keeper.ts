import { z } from "zod";
import { JournalHead } from "../../contract/index.ts";
import { beginningBehind, readEvent } from "../../journal/index.ts";
import type { Log } from "../log.ts";
import { arrived, headReported, unreadable } from "./chain-keeper.ts";
import type { Batch, HistoryStore, NewKeptEvent, StoredChain } from "./history-store.ts";

/** Of one device; beyond either the oldest tenth of its events goes. */
export const MAX_EVENTS = 50_000;
export const MAX_EVENTS_BYTES = 32 << 20;
/** One note about unreadable events of a device in this time; the log counts them all. */
const UNREADABLE_NOTE_MS = 60_000;

export interface EventKeeperOptions {
  store: HistoryStore;
  log: Log;
  now: () => number;
  maxEvents: number;
  /** There is something newer than before. */
  onKept: () => void;
}

/** Keeps events in a store and knows how far every chain is. Its caller lets one call end before the next. */
export class EventKeeper {
  readonly #options: EventKeeperOptions;
  readonly #store: HistoryStore;
  readonly #chains = new Map<string, StoredChain>();
  readonly #kept = new Map<string, { events: number; bytes: number }>();
  readonly #lastUnreadable = new Map<string, number>();
  newestId = 0;

  private constructor(options: EventKeeperOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  static async open(options: EventKeeperOptions): Promise<EventKeeper> {
    const keeper = new EventKeeper(options);
    keeper.#remember(await options.store.chains());
    await keeper.#countKept();
    keeper.newestId = await options.store.newestId();
    return keeper;
  }

  /** Those that are there already are not kept again. */
  async keep(received: readonly { device: string; payload: Buffer }[]): Promise<void> {
    const events: NewKeptEvent[] = [];
    const chains = new Map<string, StoredChain>();
    const hashes = new Map<string, string>();
    const nowMs = this.#options.now();
    for (const { device, payload } of received) {
      const text = exactText(payload);
      const read = text === null ? null : readEvent(text);
      if (text === null || read === null) {
        events.push(...this.#unreadable(device, payload, nowMs));
        continue;
      }
      const { chain, seq } = read.link;
      const key = keyOf(device, chain);
      const place = `${key}/${seq}`;
      const hash = hashes.get(place) ?? (await this.#store.hashOf(device, chain ?? "", seq));
      const state = (chains.get(key) ?? this.#chains.get(key))?.state ?? null;
      const found = arrived({ device, text, nowMs }, state, { ...read, hash });
      hashes.set(place, hash ?? read.link.hash);
      events.push(...found.events);
      if (found.chain) chains.set(key, found.chain);
    }
    await this.append({ events, chains: [...chains.values()] });
  }

  /** What `reported` says about the end of the device's chain. */
  async checkHead(device: string, payload: Uint8Array): Promise<void> {
    const head = headIn(payload);
    const known = head === null ? undefined : this.#chains.get(keyOf(device, head.chain));
    if (head === null || known === undefined) return;
    const found = headReported(device, known.state, head, this.#options.now());
    if (found) await this.append({ events: found.events, chains: [found.chain] });
  }

  /** Memory follows the disk. */
  async append(batch: Batch): Promise<void> {
    if (batch.events.length === 0 && batch.chains.length === 0) return;
    await this.#store.append(batch);
    this.#remember(batch.chains);
    for (const { device, source, kind, text } of batch.events) {
      if (source === "hub") this.#options.log("noted", { device, kind });
      if (device !== null) this.#count(device, Buffer.byteLength(text));
    }
    this.newestId = await this.#store.newestId();
    this.#options.onKept();
    for (const device of new Set(batch.events.map((event) => event.device))) {
      if (device !== null) await this.#bound(device);
    }
  }

  #unreadable(device: string, payload: Buffer, nowMs: number): NewKeptEvent[] {
    this.#options.log("an event cannot be read", { device, bytes: payload.length });
    const last = this.#lastUnreadable.get(device) ?? -Infinity;
    if (nowMs - last < UNREADABLE_NOTE_MS) return [];
    this.#lastUnreadable.set(device, nowMs);
    return [unreadable(device, payload, nowMs)];
  }

  #remember(chains: readonly StoredChain[]): void {
    for (const chain of chains) this.#chains.set(keyOf(chain.device, chain.state.chain), chain);
  }

  #count(device: string, bytes: number): void {
    const known = this.#kept.get(device) ?? { events: 0, bytes: 0 };
    this.#kept.set(device, { events: known.events + 1, bytes: known.bytes + bytes });
  }

  async #countKept(): Promise<void> {
    for (const { device, events, bytes } of await this.#store.kept()) {
      this.#kept.set(device, { events, bytes });
    }
  }

  /** What goes is counted, and the chain says from then on that it begins later. */
  async #bound(device: string): Promise<void> {
    const { events, bytes } = this.#kept.get(device) ?? { events: 0, bytes: 0 };
    if (events <= this.#options.maxEvents && bytes <= MAX_EVENTS_BYTES) return;
    const oldest = await this.#store.oldest(device, Math.ceil(events / 10));
    const last = oldest.at(-1);
    if (!last) return;
    const chains = new Map<string, StoredChain>();
    for (const { place } of oldest) {
      const known =
        place && (chains.get(place.chain) ?? this.#chains.get(`${device}/${place.chain}`));
      if (!known) continue;
      const state = beginningBehind(known.state, place.seq, place.hash);
      chains.set(place.chain, { device, state });
    }
    await this.#store.dropUpTo(device, last.id, [...chains.values()]);
    this.#remember([...chains.values()]);
    await this.#countKept();
    this.#options.log("oldest events let go", { device, events: oldest.length });
  }
}

function keyOf(device: string, chain: string | null): string {
  return `${device}/${chain ?? ""}`;
}

/** Bytes that are no UTF-8 would not come out of the store as they went in. */
function exactText(payload: Buffer): string | null {
  const text = payload.toString("utf8");
  return Buffer.from(text, "utf8").equals(payload) ? text : null;
}

function headIn(payload: Uint8Array): JournalHead | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return z.object({ journal: JournalHead }).safeParse(json).data?.journal ?? null;
  } catch {
    return null;
  }
}
