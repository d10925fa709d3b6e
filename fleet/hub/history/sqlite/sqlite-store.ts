import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { z } from "zod";
import { KeptChain, KeptEvent } from "../../history-info.ts";
import type {
  Batch,
  EventQuery,
  FigureQuery,
  FigureRows,
  HistoryStore,
  Kept,
  NewKeptEvent,
  Place,
  StoredChain,
} from "../history-store.ts";
import { asHistoryError, openDatabase, type SetAside } from "./open-database.ts";
import { SqliteFigures } from "./sqlite-figures.ts";

const EventRow = z
  .object({
    id: z.number(),
    device: z.string().nullable(),
    source: z.string(),
    time_ms: z.number(),
    received_ms: z.number(),
    chain: z.string().nullable(),
    seq: z.number().nullable(),
    text: z.string(),
  })
  .transform(({ time_ms, received_ms, chain, ...row }) =>
    KeptEvent.parse({
      ...row,
      chain: chain === "" ? null : chain,
      timeMs: time_ms,
      receivedAtMs: received_ms,
    }),
  );

const ChainRow = z.object({ device: z.string(), state: z.string() });
/** A state as it was written: what the pure core made of it stands in `fleet/journal`. */
const State = KeptChain.omit({ device: true }).extend({
  declared: z.array(
    z.object({
      firstSeq: z.number(),
      lastSeq: z.number(),
      count: z.number(),
      previous: z.string().nullable(),
    }),
  ),
});

const KeptRow = z
  .object({
    device: z.string(),
    events: z.number(),
    bytes: z.number(),
    dropped_events: z.number(),
  })
  .transform(({ dropped_events, ...row }) => ({ ...row, droppedEvents: dropped_events }));

const PlaceRow = z
  .object({
    id: z.number(),
    chain: z.string().nullable(),
    seq: z.number().nullable(),
    hash: z.string().nullable(),
  })
  .transform(({ id, chain, seq, hash }) => ({
    id,
    place: chain === null || seq === null || hash === null ? null : { chain, seq, hash },
  }));

const Sizes = z.object({ events: z.number(), bytes: z.number() });

/** Columns of what is given out. */
const EVENT = "id, device, source, time_ms, received_ms, chain, seq, text";

/** The history in one SQLite file. Calls block the process while they last, which is a disk's sync at most. */
export class SqliteStore implements HistoryStore {
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #figures: SqliteFigures;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(file: string, db: DatabaseSync) {
    this.#file = file;
    this.#db = db;
    this.#figures = new SqliteFigures((sql) => this.#prepare(sql));
  }

  static open(file: string): { store: SqliteStore; setAside: SetAside | null } {
    const { db, setAside } = openDatabase(file);
    return { store: new SqliteStore(file, db), setAside };
  }

  chains(): Promise<StoredChain[]> {
    return this.#try(() =>
      this.#all("SELECT device, state FROM chains").map((row) => {
        const { device, state } = ChainRow.parse(row);
        return { device, state: State.parse(JSON.parse(state)) };
      }),
    );
  }

  kept(): Promise<Kept[]> {
    return this.#try(() =>
      this.#all("SELECT * FROM kept ORDER BY device").map((row) => KeptRow.parse(row)),
    );
  }

  hashOf(device: string, chain: string, seq: number): Promise<string | null> {
    const sql = "SELECT hash FROM events WHERE device = ? AND chain = ? AND seq = ? LIMIT 1";
    return this.#try(() => {
      const hash = this.#prepare(sql).get(device, chain, seq)?.["hash"];
      return typeof hash === "string" ? hash : null;
    });
  }

  append({ events, chains }: Batch): Promise<void> {
    return this.#transaction(() => {
      for (const event of events) this.#insert(event);
      this.#saveChains(chains);
    });
  }

  oldest(device: string, count: number): Promise<{ id: number; place: Place | null }[]> {
    const sql = "SELECT id, chain, seq, hash FROM events WHERE device = ? ORDER BY id LIMIT ?";
    return this.#try(() => this.#all(sql, device, count).map((row) => PlaceRow.parse(row)));
  }

  dropUpTo(device: string, id: number, chains: readonly StoredChain[]): Promise<void> {
    return this.#transaction(() => {
      const sizes = `SELECT count(*) AS events, coalesce(sum(length(CAST(text AS BLOB))), 0) AS bytes
        FROM events WHERE device = ? AND id <= ?`;
      const { events, bytes } = Sizes.parse(this.#prepare(sizes).get(device, id));
      this.#prepare("DELETE FROM events WHERE device = ? AND id <= ?").run(device, id);
      this.#prepare(
        `UPDATE kept SET events = events - ?, bytes = bytes - ?,
         dropped_events = dropped_events + ? WHERE device = ?`,
      ).run(events, bytes, events, device);
      this.#saveChains(chains);
    });
  }

  events(query: EventQuery): Promise<KeptEvent[]> {
    const { where, values } = conditions(query);
    const order = query.after === undefined ? "DESC" : "ASC";
    const sql = `SELECT ${EVENT} FROM events ${where} ORDER BY id ${order} LIMIT ?`;
    return this.#try(() =>
      this.#all(sql, ...values, query.limit).map((row) => EventRow.parse(row)),
    );
  }

  newestId(): Promise<number> {
    const sql = "SELECT seq FROM sqlite_sequence WHERE name = 'events'";
    return this.#try(() => Number(this.#prepare(sql).get()?.["seq"] ?? 0));
  }

  lastNoted(device: string, kind: string): Promise<KeptEvent | null> {
    const sql = `SELECT ${EVENT} FROM events
      WHERE device = ? AND kind = ? AND source = 'hub' ORDER BY id DESC LIMIT 1`;
    return this.#try(() => {
      const row = this.#prepare(sql).get(device, kind);
      return row === undefined ? null : EventRow.parse(row);
    });
  }

  writeFigures(rows: FigureRows): Promise<void> {
    return this.#transaction(() => this.#figures.write(rows));
  }

  dropFiguresBefore(atMs: number): Promise<void> {
    return this.#transaction(() => this.#figures.dropBefore(atMs));
  }

  figures(query: FigureQuery): ReturnType<HistoryStore["figures"]> {
    return this.#try(() => this.#figures.read(query));
  }

  close(): Promise<void> {
    return this.#try(() => this.#db.close());
  }

  #insert({ device, source, place, kind, pipeline, text, ...times }: NewKeptEvent): void {
    this.#prepare(
      `INSERT INTO events (device, source, chain, seq, hash, kind, pipeline, time_ms, received_ms, text)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      device,
      source,
      place?.chain ?? null,
      place?.seq ?? null,
      place?.hash ?? null,
      kind,
      pipeline,
      times.timeMs,
      times.receivedAtMs,
      text,
    );
    if (device === null) return;
    this.#prepare(
      `INSERT INTO kept (device, events, bytes, dropped_events) VALUES (?, 1, ?, 0)
       ON CONFLICT (device) DO UPDATE SET events = events + 1, bytes = bytes + excluded.bytes`,
    ).run(device, Buffer.byteLength(text));
  }

  #saveChains(chains: readonly StoredChain[]): void {
    const sql = "INSERT OR REPLACE INTO chains (device, chain, state) VALUES (?, ?, ?)";
    for (const { device, state } of chains) {
      this.#prepare(sql).run(device, state.chain ?? "", JSON.stringify(state));
    }
  }

  #all(sql: string, ...values: SQLInputValue[]): unknown[] {
    return this.#prepare(sql).all(...values);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #transaction(work: () => void): Promise<void> {
    return this.#try(() => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        work();
        this.#db.exec("COMMIT");
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        this.#figures.forget();
        throw error;
      }
    });
  }

  async #try<Result>(work: () => Result): Promise<Result> {
    try {
      return await Promise.resolve(work());
    } catch (error) {
      throw asHistoryError(error, this.#file);
    }
  }
}

function conditions(query: EventQuery): { where: string; values: SQLInputValue[] } {
  const { device, pipeline, kinds, sinceMs, untilMs, after, before } = query;
  const parts: [string, SQLInputValue[]][] = [];
  if (device !== undefined) parts.push(["device = ?", [device]]);
  if (pipeline !== undefined) parts.push(["pipeline = ?", [pipeline]]);
  if (kinds !== undefined) parts.push([`kind IN (${kinds.map(() => "?").join(", ")})`, [...kinds]]);
  if (sinceMs !== undefined) parts.push(["time_ms >= ?", [sinceMs]]);
  if (untilMs !== undefined) parts.push(["time_ms < ?", [untilMs]]);
  if (after !== undefined) parts.push(["id > ?", [after]]);
  if (before !== undefined) parts.push(["id < ?", [before]]);
  const where = parts.length === 0 ? "" : `WHERE ${parts.map(([text]) => text).join(" AND ")}`;
  return { where, values: parts.flatMap(([, values]) => values) };
}
