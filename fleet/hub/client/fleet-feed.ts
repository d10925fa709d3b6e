import { setTimeout as delay } from "node:timers/promises";
import { showDesired } from "../../deploy/index.ts";
import { buildView } from "../../view/build-view.ts";
import { type FleetFacts, type FleetMessage, NOTHING_HEARD, reduce } from "../../view/facts.ts";
import { looksBroken } from "../../view/plan/broken-budget.ts";
import { STATS_FRESH_MS, WINDOW_MS } from "../../view/plan/history.ts";
import type { FleetView } from "../../view/view.ts";
import type { FleetLink, MessageInfo } from "./fleet-link.ts";
import type { HubClient } from "./hub-client.ts";
import { PastFeed } from "./past-feed.ts";

/** Retained messages come at once; this is for a hub under load. */
const RETAINED_DEADLINE_MS = 5000;
/** Figures come once a second. Whoever sent none by then is told to be silent, so this is longer than the patience. */
const STATS_DEADLINE_MS = STATS_FRESH_MS + 500;
/** The first second of figures only begins the window, and one may be lost on the way. */
const BUDGET_DEADLINE_MS = WINDOW_MS + 2500;
const BUDGET_POLL_MS = 250;

/** Listens to a fleet and keeps its facts. Nothing is written to the fleet. */
export class FleetFeed {
  readonly #httpUrl: string;
  readonly #client: HubClient;
  readonly #link: FleetLink;
  readonly #listeningSinceMs = performance.now();
  readonly #listeners = new Set<() => void>();
  readonly #past: PastFeed;
  #facts: FleetFacts = NOTHING_HEARD;

  private constructor(httpUrl: string, client: HubClient, link: FleetLink) {
    this.#httpUrl = httpUrl;
    this.#client = client;
    this.#link = link;
    this.#past = new PastFeed(client.history, (message) => this.#take(message));
  }

  /** Connects; throws HUB_UNREACHABLE or HUB_REFUSED. */
  static async open(httpUrl: string, client: HubClient): Promise<FleetFeed> {
    const feed = new FleetFeed(httpUrl, client, await client.connectMqtt());
    feed.#link.onConnection(() => feed.#changed());
    await feed.#subscribe();
    await feed.#past.open();
    return feed;
  }

  /** `listener` is called after every change, at the speed of the messages. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  view(): FleetView {
    return buildView(this.#facts, {
      fleet: this.#link.fleet,
      hub: {
        httpUrl: this.#httpUrl,
        connected: this.#link.connected,
        invalidMessages: this.#link.invalidMessages,
        unknownValues: this.#link.unknownValues,
        eventsError: this.#past.error,
      },
      nowMs: Date.now(),
      monotonicMs: performance.now(),
      listeningSinceMs: this.#listeningSinceMs,
    });
  }

  /** Which device somebody looks at closely: its figures of the last hour are fetched. */
  look(device: string | null): void {
    this.#past.look(device);
  }

  /** Waits until all that is retained was heard, and one set of figures of everyone online, within deadlines or until the abort. */
  async settle(signal?: AbortSignal): Promise<void> {
    const known = await this.#client.listDevices();
    for (const { name } of known) this.#take({ type: "device", device: name });
    await this.#until(RETAINED_DEADLINE_MS, signal, () =>
      known.every(({ name, retained }) => {
        const facts = this.#facts.devices.get(name);
        return (
          (facts?.reported || !retained.includes("reported")) &&
          (facts?.presence || !retained.includes("presence")) &&
          (facts?.desired || !retained.includes("desired"))
        );
      }),
    );
    await this.#until(STATS_DEADLINE_MS, signal, () =>
      [...this.#facts.devices.values()].every(
        ({ presence, stats }) => !presence?.message.online || stats !== null,
      ),
    );
  }

  /** Where a budget looks missed, listens for as long as it takes to say so. */
  async settleBudgets(signal?: AbortSignal): Promise<void> {
    const end = performance.now() + BUDGET_DEADLINE_MS;
    // Not with every message: a view of a large fleet takes its time.
    while (performance.now() < end && !signal?.aborted && this.#looksBroken()) {
      await delay(BUDGET_POLL_MS);
    }
  }

  #looksBroken(): boolean {
    return this.view().devices.some(({ pipelines }) => pipelines.some(looksBroken));
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#past.close();
    await this.#link.close();
  }

  async #subscribe(): Promise<void> {
    const link = this.#link;
    await link.subscribe(
      "+",
      "presence",
      (message, info) =>
        this.#take({ type: "presence", device: info.device, message, atMs: arrival(info) }),
      ({ device }) => this.#take({ type: "removed", device, channel: "presence" }),
    );
    await link.subscribe(
      "+",
      "reported",
      (message, info) =>
        this.#take({ type: "reported", device: info.device, message, atMs: arrival(info) }),
      ({ device }) => this.#take({ type: "removed", device, channel: "reported" }),
    );
    await link.subscribe(
      "+",
      "desired",
      (envelope, info) => {
        const message = showDesired(envelope);
        if (!message) return;
        this.#take({ type: "desired", device: info.device, message, atMs: arrival(info) });
      },
      ({ device }) => this.#take({ type: "removed", device, channel: "desired" }),
    );
    await link.subscribe("+", "stats", (message, { device, heardMs }) =>
      this.#take({ type: "stats", device, message, atMs: heardMs }),
    );
  }

  #take(message: FleetMessage): void {
    this.#facts = reduce(this.#facts, message);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async #until(
    deadlineMs: number,
    signal: AbortSignal | undefined,
    isDone: () => boolean,
  ): Promise<void> {
    if (isDone() || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        stop();
        resolve();
      };
      signal?.addEventListener("abort", end, { once: true });
      const timer = setTimeout(end, deadlineMs);
      const stop = this.onChange(() => {
        if (isDone()) end();
      });
    });
  }
}

function arrival({ retained, heardMs }: MessageInfo): number | null {
  return retained ? null : heardMs;
}
