import path from "node:path";
import { type Presence, Stats } from "../../contract/index.ts";
import { asFleetError, FleetError } from "../../errors/index.ts";
import type { Log } from "../log.ts";
import { note } from "./chain-keeper.ts";
import { EventKeeper, MAX_EVENTS } from "./event-keeper.ts";
import { FIGURES_KEPT_MS, FigureSteps } from "./figures.ts";
import type { HistoryStore } from "./history-store.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

const WRITE_FIGURES_MS = 5000;
const DROP_FIGURES_MS = 10 * 60_000;
const REOPEN_MS = 5000;

export interface HistoryOptions {
  /** Folder of the history. */
  folder: string;
  log: Log;
  now?: () => number;
  maxEvents?: number;
  /** A history that could not be opened is tried again no sooner. */
  reopenMs?: number;
}

interface Opened {
  store: HistoryStore;
  keeper: EventKeeper;
}

interface Waiting {
  device: string;
  payload: Buffer;
  done: PromiseWithResolvers<void>;
}

/**
 * What was in the fleet: every device's events, checked against its chain, what the hub itself noted, and figures.
 *
 * INVARIANTS:
 * - `takeEvent` resolves only when the event is on disk, so that whoever acknowledges afterwards never lies.
 * - one write at a time, in the order of arrival; events that come while one lasts share the next.
 * - an event is kept once, however often it is delivered.
 * - where the file cannot be opened everything that needs it throws why, and each task tries again.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #now: () => number;
  readonly #figures = new FigureSteps();
  readonly #followers = new Set<() => void>();
  readonly #timers: NodeJS.Timeout[];
  #opened: Opened | FleetError = new FleetError("HISTORY_FAILED", "The history is not open yet");
  #triedAtMs = -Infinity;
  #waiting: Waiting[] = [];
  #work: Promise<unknown> = Promise.resolve();

  private constructor(options: HistoryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#timers = [
      setInterval(() => void this.#writeFigures(this.#now()), WRITE_FIGURES_MS).unref(),
      setInterval(() => void this.#dropFigures(), DROP_FIGURES_MS).unref(),
    ];
  }

  static async open(options: HistoryOptions): Promise<History> {
    const history = new History(options);
    // It tells what is wrong, and goes on.
    await history.#dropFigures();
    return history;
  }

  get store(): Pick<HistoryStore, "events" | "figures" | "kept" | "chains"> {
    return this.#live.store;
  }

  /** Id of the newest event. */
  get newestId(): number {
    return this.#live.keeper.newestId;
  }

  /** Throws why there is none. */
  get #live(): Opened {
    if (this.#opened instanceof FleetError) throw this.#opened;
    return this.#opened;
  }

  /** An event of a device, as its exact bytes. Resolves once it is kept, also when it was already. */
  takeEvent(device: string, payload: Buffer): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ device, payload, done });
    if (this.#waiting.length === 1) {
      this.#enqueue(() => this.#takeWaiting()).catch((error: unknown) => this.#refuse(error));
    }
    return done.promise;
  }

  /** Where a device says its chain ends. */
  takeReported(device: string, payload: Uint8Array): Promise<void> {
    return this.#enqueue(() => this.#live.keeper.checkHead(device, payload));
  }

  takePresence(device: string, before: Presence | null, after: Presence): Promise<void> {
    if ((before?.online ?? false) === after.online) return Promise.resolve();
    return this.#enqueue(async () => {
      const nowMs = this.#now();
      const kind = after.online ? "device-online" : "device-offline";
      const since = after.online
        ? await this.#live.store.lastNoted(device, "device-offline")
        : null;
      const message = after.online ? "The device is online" : "The device is offline";
      const data = since === null ? {} : { data: { offlineMs: Math.max(0, nowMs - since.timeMs) } };
      const event = note(device, nowMs, { kind, message, ...data });
      await this.#live.keeper.append({ events: [event], chains: [] });
    });
  }

  /** Figures are kept as they can be: a message that is none is left out and counted in the log. */
  takeStats(device: string, payload: Uint8Array): void {
    const stats = parseStats(payload);
    const leftOut = stats ? this.#figures.add(device, stats, this.#now()) : 0;
    if (!stats) this.#options.log("figures left out: not of the contract", { device });
    else if (leftOut > 0) {
      this.#options.log("figures left out: too many pipelines", { device, leftOut });
    }
  }

  /** Something that the hub has to say, of itself or of a device. */
  noteHub(
    kind: string,
    message: string,
    data: Record<string, unknown> = {},
    device: string | null = null,
  ): Promise<void> {
    const event = note(device, this.#now(), { kind, message, data });
    return this.#enqueue(() => this.#live.keeper.append({ events: [event], chains: [] }));
  }

  /** Resolves when an event with a greater id is kept, after `waitMs`, or when `signal` fires. */
  async awaitNewer(id: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.newestId > id || waitMs <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#followers.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      this.#followers.add(end);
      signal.addEventListener("abort", end, { once: true });
    });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#tellFollowers();
    await this.#writeFigures("all");
    await this.#work;
    if (!(this.#opened instanceof FleetError)) await this.#opened.store.close();
  }

  async #ensureOpen(): Promise<void> {
    const nowMs = performance.now();
    const { reopenMs = REOPEN_MS } = this.#options;
    if (!(this.#opened instanceof FleetError) || nowMs - this.#triedAtMs < reopenMs) return;
    this.#triedAtMs = nowMs;
    try {
      await this.#open();
    } catch (error) {
      this.#opened = asFleetError(error, "opening the history");
      this.#options.log("there is no history", { reason: this.#opened.message });
    }
  }

  /** A file that cannot be used is set aside, and the history begins anew and says so. */
  async #open(): Promise<void> {
    const { log, folder, maxEvents = MAX_EVENTS } = this.#options;
    const { store, setAside } = SqliteStore.open(path.join(folder, "history.sqlite"));
    const onKept = (): void => this.#tellFollowers();
    const keeper = await EventKeeper.open({ store, log, now: this.#now, maxEvents, onKept });
    this.#opened = { store, keeper };
    if (!setAside) return;
    log("history set aside", { ...setAside });
    const file = path.basename(setAside.file);
    const message = `The history could not be read and begins anew; the former one is ${file}`;
    const data = { reason: setAside.reason };
    const event = note(null, this.#now(), { kind: "history-set-aside", message, data });
    await keeper.append({ events: [event], chains: [] });
  }

  async #takeWaiting(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    try {
      await this.#keep(waiting);
      for (const { done } of waiting) done.resolve();
    } catch (error) {
      this.#refuse(error, waiting);
    }
  }

  #refuse(error: unknown, waiting: readonly Waiting[] = this.#waiting.splice(0)): void {
    const { message } = asFleetError(error, "keeping events");
    this.#options.log("events refused", { reason: message });
    for (const { done } of waiting) done.reject(error);
  }

  /** A file that spoils while the hub runs is treated as at the start. */
  async #keep(waiting: readonly Waiting[]): Promise<void> {
    try {
      await this.#live.keeper.keep(waiting);
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== "HISTORY_DAMAGED") throw error;
      await this.#live.store.close().catch(() => {});
      this.#opened = error;
      this.#triedAtMs = -Infinity;
      await this.#ensureOpen();
      await this.#live.keeper.keep(waiting);
    }
  }

  async #writeFigures(nowMs: number | "all"): Promise<void> {
    const rows = this.#figures.take(nowMs);
    if (rows.board.length === 0) return;
    await this.#tryFigures("figures lost", () => this.#live.store.writeFigures(rows));
  }

  async #dropFigures(): Promise<void> {
    const before = this.#now() - FIGURES_KEPT_MS;
    await this.#tryFigures("old figures stay", () => this.#live.store.dropFiguresBefore(before));
  }

  /** Nobody is refused anything for the sake of figures. */
  async #tryFigures(otherwise: string, task: () => Promise<void>): Promise<void> {
    await this.#enqueue(task).catch((error: unknown) => {
      const { message } = asFleetError(error, "keeping figures");
      this.#options.log(otherwise, { reason: message });
    });
  }

  #tellFollowers(): void {
    for (const end of [...this.#followers]) end();
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(async () => {
      await this.#ensureOpen();
      return task();
    });
    this.#work = result.catch(() => undefined);
    return result;
  }
}

function parseStats(payload: Uint8Array): Stats | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return Stats.safeParse(json).data ?? null;
  } catch {
    return null;
  }
}
