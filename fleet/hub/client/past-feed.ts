import { FleetError } from "../../errors/index.ts";
import { backoffMs, wait } from "../../transfer/backoff.ts";
import type { DevicePast, FleetMessage } from "../../view/index.ts";
import type { FigurePage, KeptEvent } from "../history-info.ts";
import type { HistoryClient } from "./history-client.ts";
import { toldBy } from "./told-event.ts";

/** What a fleet's screens begin with. */
const NEWEST = 1000;
const PAST_STEP_MS = 60_000;
const PAST_STEPS = 60;
const PAST_EVERY_MS = 30_000;
const BACKOFF = { baseMs: 2000, capMs: 30_000 };

/** Brings what happened before now, and what happens, from the hub's history into a view's facts. */
export class PastFeed {
  readonly #history: HistoryClient;
  readonly #take: (message: FleetMessage) => void;
  readonly #stop = new AbortController();
  #looking = new AbortController();
  /** Why no events come any more. */
  error: string | null = null;

  constructor(history: HistoryClient, take: (message: FleetMessage) => void) {
    this.#history = history;
    this.#take = take;
  }

  /** Resolves with what is there; goes on by itself with what comes. */
  async open(): Promise<void> {
    const { events, newestId } = await this.#history.newest({}, NEWEST);
    for (const event of events) this.#takeEvent(event);
    void this.#follow(newestId);
  }

  /** Figures of the last hour are fetched for the device that somebody looks at. */
  look(device: string | null): void {
    this.#looking.abort();
    this.#looking = new AbortController();
    if (device !== null) void this.#watch(device, this.#looking.signal);
  }

  close(): void {
    this.#stop.abort();
    this.#looking.abort();
  }

  async #follow(newestId: number): Promise<void> {
    try {
      const pages = this.#history.follow({}, newestId, this.#stop.signal);
      for await (const page of pages) for (const event of page) this.#takeEvent(event);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  /** What fails is asked for again; the figures that are there stay. */
  async #watch(device: string, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const page = await this.#history.figures(device, lastHour(Date.now()));
        if (!signal.aborted) this.#take({ type: "past", device, message: pastOf(page) });
        failures = 0;
      } catch (error) {
        if (!(error instanceof FleetError)) throw error;
        failures += 1;
      }
      const pauseMs = failures === 0 ? PAST_EVERY_MS : backoffMs(failures, BACKOFF);
      await wait(pauseMs, signal).catch(() => undefined);
    }
  }

  #takeEvent(kept: KeptEvent): void {
    const { id, device, timeMs: atMs, kind, message, pipeline, data } = toldBy(kept);
    const parts = {
      ...(pipeline === null ? {} : { pipeline }),
      ...(data === null ? {} : { data }),
    };
    this.#take({ type: "event", device, message: { id, atMs, kind, message, ...parts } });
  }
}

/** Whole steps, so that a picture does not flicker while the last one grows. */
function lastHour(nowMs: number): { sinceMs: number; untilMs: number; stepMs: number } {
  const untilMs = Math.ceil(nowMs / PAST_STEP_MS) * PAST_STEP_MS;
  return { sinceMs: untilMs - PAST_STEPS * PAST_STEP_MS, untilMs, stepMs: PAST_STEP_MS };
}

/** A place for each step, also for those without figures. */
export function pastOf({ sinceMs, untilMs, stepMs, pipelines }: FigurePage): DevicePast {
  const steps = Math.round((untilMs - sinceMs) / stepMs);
  const past: DevicePast = { sinceMs, stepMs, pipelines: {} };
  for (const [name, points] of Object.entries(pipelines)) {
    const fps = new Array<number | null>(steps).fill(null);
    const latencyP95Ms = new Array<number | null>(steps).fill(null);
    for (const point of points) {
      const at = Math.floor((point.atMs - sinceMs) / stepMs);
      if (at < 0 || at >= steps) continue;
      fps[at] = point.fps;
      latencyP95Ms[at] = point.latencyP95Ms;
    }
    past.pipelines[name] = { fps, latencyP95Ms };
  }
  return past;
}
