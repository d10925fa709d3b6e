import type { Reported } from "../../fleet/contract/index.ts";
import { canonicalJson } from "../../fleet/release/index.ts";
import { backoffMs } from "../../fleet/transfer/backoff.ts";
import type { FrameBatch } from "../supervise/pipeline-run.ts";
import { DetectionsPayload } from "./detections-payload.ts";
import type { EventJournal, NewEvent } from "./event-journal.ts";
import type { HubLink } from "./hub-link.ts";
import type { Log } from "./log.ts";

export interface ReporterOptions {
  link: HubLink;
  journal: EventJournal;
  log: Log;
  /** The state of the device at this moment. */
  reported: () => Reported;
  /** The hub has acknowledged a report. */
  onAcknowledged?: () => void;
}

/** Changes that come close together leave as one message. */
const DEBOUNCE_MS = 100;
/** Least time between two `reported` for the sake of what changed; no event needs one of its own. */
const INTERVAL_MS = { state: 0, progress: 500, journal: 2000 } as const;

/** After a disk that did not give out an event, or did not take its removal. */
const EVENTS_RETRY_MS = 3000;
/** A hub that cannot keep an event ends the session, and with it all else that the device says: it is given time. */
const REFUSED_EVENT = { baseMs: 2000, capMs: 60_000 };

/**
 * Sends what the device says of itself: `reported` after every change, events in order, detections as they come.
 *
 * INVARIANTS:
 * - the last `reported` of a connection is the newest one: a change during a send is sent again.
 * - at most one event is under way, so that the order at the receiver is that of the journal.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = 0;
  #lastSentMs = -Infinity;
  #lastContent = "";
  #flushing = false;
  #eventTimer: NodeJS.Timeout | null = null;
  /** Connections in a row that ended over an event. */
  #refusedEvents = 0;
  readonly #payloads = new Map<string, DetectionsPayload>();
  readonly #framesDropped = new Map<string, number>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something about the device changed; progress and the journal's end may wait for their turn. */
  changed(haste: keyof typeof INTERVAL_MS = "state"): void {
    const nowMs = performance.now();
    const sinceLastMs = nowMs - this.#lastSentMs;
    const waitMs = Math.max(DEBOUNCE_MS, INTERVAL_MS[haste] - sinceLastMs);
    if (this.#timer !== null && this.#dueMs <= nowMs + waitMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueMs = nowMs + waitMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A report that cannot be made is no reason to end the pipelines.
      this.#sendReported().catch((error: unknown) =>
        this.#options.log.error("the state could not be reported", error),
      );
    }, waitMs);
  }

  /** A new connection knows nothing: everything that is retained or waiting is sent. */
  connected(): void {
    this.#lastContent = "";
    this.changed();
    void this.#flushEvents();
  }

  event(event: NewEvent): void {
    const { journal, log } = this.#options;
    log.info(event.message, { event: event.kind, pipeline: event.pipeline });
    journal.append(event).then(
      () => this.#flushEvents(),
      (error: unknown) => {
        log.error("an event could not be kept", error);
        this.changed();
      },
    );
  }

  /**
   * Detections are worth little when late: without a connection, or when it is slow, they are dropped, counted, and
   * the number is spent.
   */
  detections(pipeline: string, batch: FrameBatch): void {
    const payload = this.#payloadsOf(pipeline).next(batch);
    void this.#options.link.publishRaw("detections", payload, pipeline).then((sent) => {
      if (!sent) this.#framesDropped.set(pipeline, this.framesDropped(pipeline) + batch.frames);
    });
  }

  #payloadsOf(pipeline: string): DetectionsPayload {
    const known = this.#payloads.get(pipeline);
    if (known !== undefined) return known;
    const made = new DetectionsPayload(pipeline);
    this.#payloads.set(pipeline, made);
    return made;
  }

  /** Frames of a pipeline that the connection to the hub could not take, since the agent's start. */
  framesDropped(pipeline: string): number {
    return this.#framesDropped.get(pipeline) ?? 0;
  }

  /** Sends the newest state at once, for the end of the agent. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#sendReported();
  }

  async #sendReported(): Promise<void> {
    const reported = this.#options.reported();
    const content = canonicalJson({ ...reported, atMs: 0 });
    if (content === this.#lastContent) return;
    this.#lastContent = content;
    this.#lastSentMs = performance.now();
    const sent = await this.#options.link.publish("reported", reported);
    if (sent) this.#options.onAcknowledged?.();
    if (!sent && this.#lastContent === content) this.#lastContent = "";
  }

  async #flushEvents(): Promise<void> {
    if (this.#flushing || this.#eventTimer !== null) return;
    this.#flushing = true;
    const { journal, link, log } = this.#options;
    try {
      for (let event = await journal.first(); event !== null; event = await journal.first()) {
        if (!link.connected) return;
        if (!(await link.publishRaw("events", event.text))) return this.#giveTime();
        this.#refusedEvents = 0;
        await journal.acknowledge(event.seq);
      }
      this.changed("journal");
    } catch (error) {
      log.error("sending events failed, tried again", error);
      this.#flushLater(EVENTS_RETRY_MS);
    } finally {
      this.#flushing = false;
    }
  }

  /** One connection that ends is no sign of anything; the next one may send at once. */
  #giveTime(): void {
    this.#refusedEvents += 1;
    if (this.#refusedEvents < 2) return;
    this.#flushLater(backoffMs(this.#refusedEvents, REFUSED_EVENT, () => 1));
  }

  #flushLater(waitMs: number): void {
    this.#eventTimer = setTimeout(() => {
      this.#eventTimer = null;
      void this.#flushEvents();
    }, waitMs).unref();
  }
}
