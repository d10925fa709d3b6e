import {
  ANALYTICS_DROPPED,
  type AnalyticsDroppedData,
  type AnalyticsEvent,
  type AnalyticsEventData,
  analyticsText,
} from "../../fleet/contract/index.ts";
import type { NewEvent } from "./event-journal.ts";

/** So many a second on average, and so many at once: each is written to disk before it is sent. */
export const EVENTS_PER_SECOND = 5;
export const EVENTS_AT_ONCE = 100;
/** Visits whose ends are still to be told; each has room for its end. */
export const MAX_OPEN = 200;
/** While so many events wait for a broker, there is room for nothing but the ends of visits: updates matter more. */
export const MAX_WAITING = 500;
/** Between two events that say how many were dropped. */
const SAY_DROPS_MS = 60_000;

const PHASES = {
  "line-crossed": "once",
  "zone-entered": "start",
  "zone-stayed": "update",
  "zone-left": "end",
} as const satisfies Record<AnalyticsEvent["kind"], AnalyticsEventData["phase"]>;

export interface AnalyticsJournalDeps {
  onEvent: (event: NewEvent) => void;
  /** Events that wait for a broker. */
  waiting: () => number;
  /** Milliseconds that only grow. */
  now: () => number;
}

/** Events of one runner of a pipeline. */
export interface AnalyticsBatch {
  pipeline: string;
  /** Names the runner's life on this device. */
  run: string;
  events: readonly AnalyticsEvent[];
}

interface Open {
  pipeline: string;
  run: string;
  last: AnalyticsEvent;
}

/**
 * What lines and zones say, as events of the journal; bounded, for a crowd must not push updates out of it.
 *
 * INVARIANTS: of each start that is told the end is told, too, if need be when the runner is gone; nothing is told of a
 * visit whose start was not. What is dropped is counted, and an event says so at most once a minute.
 */
export class AnalyticsJournal {
  readonly #deps: AnalyticsJournalDeps;
  readonly #open = new Map<string, Open>();
  readonly #dropped = new Map<
    string,
    { total: number; unsaid: number; timer: NodeJS.Timeout | null }
  >();
  #tokens = EVENTS_AT_ONCE;
  #filledAtMs: number;

  constructor(deps: AnalyticsJournalDeps) {
    this.#deps = deps;
    this.#filledAtMs = deps.now();
  }

  tell({ pipeline, run, events }: AnalyticsBatch): void {
    for (const event of events) this.#tell(pipeline, run, event);
  }

  /** A runner is gone: nobody will say what becomes of what it saw. */
  ended(pipeline: string, run: string): void {
    for (const [name, open] of this.#open) {
      if (open.pipeline !== pipeline || open.run !== run) continue;
      const { last } = open;
      if (last.kind !== "zone-entered" && last.kind !== "zone-stayed") continue;
      this.#open.delete(name);
      this.#write(pipeline, name, { ...last, kind: "zone-left", end: "runner-ended" });
    }
  }

  /** Events of a pipeline that were not told, since the agent's start. */
  dropped(pipeline: string): number {
    return this.#dropped.get(pipeline)?.total ?? 0;
  }

  stop(): void {
    for (const { timer } of this.#dropped.values()) if (timer !== null) clearTimeout(timer);
  }

  #tell(pipeline: string, run: string, event: AnalyticsEvent): void {
    const name = [run, ...(event.source === undefined ? [] : [event.source]), event.id].join("-");
    const key = `${pipeline}/${name}`;
    const isOfVisit = event.kind === "zone-stayed" || event.kind === "zone-left";
    // That its start was dropped has been counted, or it began where nobody was to hear of it.
    if (isOfVisit && !this.#open.has(key)) return;
    if (!this.#isTold(event)) return this.#drop(pipeline);
    if (event.kind === "zone-entered" || event.kind === "zone-stayed") {
      this.#open.set(key, { pipeline, run, last: event });
    }
    if (event.kind === "zone-left") this.#open.delete(key);
    this.#write(pipeline, key, event);
  }

  /** An end was paid for with its start; an update waits until there is plenty. */
  #isTold({ kind }: AnalyticsEvent): boolean {
    if (kind === "zone-left") return true;
    if (kind === "zone-stayed") return this.#take(1, EVENTS_AT_ONCE / 2);
    if (kind === "zone-entered") return this.#open.size < MAX_OPEN && this.#take(2);
    return this.#take(1);
  }

  #take(tokens: number, least = tokens): boolean {
    const nowMs = this.#deps.now();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * EVENTS_PER_SECOND;
    this.#tokens = Math.min(EVENTS_AT_ONCE, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < least || this.#deps.waiting() >= MAX_WAITING) return false;
    this.#tokens -= tokens;
    return true;
  }

  #write(pipeline: string, key: string, event: AnalyticsEvent): void {
    const { kind, id: _, ...rest } = event;
    const data = {
      event: key,
      phase: PHASES[kind],
      ...rest,
    } satisfies AnalyticsEventData;
    this.#deps.onEvent({ kind, pipeline, message: analyticsText(event), data });
  }

  #drop(pipeline: string): void {
    const known = this.#dropped.get(pipeline) ?? { total: 0, unsaid: 0, timer: null };
    this.#dropped.set(pipeline, known);
    known.total += 1;
    known.unsaid += 1;
    known.timer ??= setTimeout(() => this.#sayDrops(pipeline), SAY_DROPS_MS).unref();
  }

  #sayDrops(pipeline: string): void {
    const known = this.#dropped.get(pipeline);
    if (known === undefined) return;
    known.timer = null;
    const data: AnalyticsDroppedData = { dropped: known.unsaid };
    known.unsaid = 0;
    const message =
      `${data.dropped} events of lines and zones were not told in the last minute, for they were more than ` +
      `${EVENTS_PER_SECOND} a second or the broker was away; statistics count them`;
    this.#deps.onEvent({ kind: ANALYTICS_DROPPED, pipeline, message, data });
  }
}
