import type { PipelineStats } from "../../fleet/contract/index.ts";
import type { BoardSampler } from "../board/sampler.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import type { HubLink } from "./hub-link.ts";
import type { Log } from "./log.ts";

const INTERVAL_MS = 1000;

export interface StatsTickerOptions {
  link: HubLink;
  sampler: BoardSampler;
  supervisor: Supervisor;
  log: Log;
  /** Frames of a pipeline whose results the hub never got. */
  framesDropped: (pipeline: string) => number;
  /** Events of its lines and zones that the journal had no room for. */
  eventsDropped: (pipeline: string) => number;
  /** What a pipeline did in the last second, be the hub there or not. */
  onSecond: (stats: PipelineStats) => void;
}

/** Sends `stats` once a second; a sample that takes longer than that leaves one out. */
export class StatsTicker {
  readonly #options: StatsTickerOptions;
  #timer: NodeJS.Timeout | null = null;
  #seq = 0;
  #busy = false;

  constructor(options: StatsTickerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#tick().catch((error: unknown) =>
        this.#options.log.error("statistics could not be told", error),
      );
    }, INTERVAL_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #withOwnDrops(stats: PipelineStats): PipelineStats {
    const { framesDropped, eventsDropped } = this.#options;
    const drops = [
      { place: "agent", reason: "hub-late", total: framesDropped(stats.name) },
      { place: "agent", reason: "events-too-many", total: eventsDropped(stats.name) },
    ].filter(({ total }) => total > 0);
    return drops.length === 0 ? stats : { ...stats, drops: [...(stats.drops ?? []), ...drops] };
  }

  async #tick(): Promise<void> {
    const { link, sampler, supervisor, onSecond } = this.#options;
    for (const one of supervisor.stats()) onSecond(one);
    if (this.#busy || !link.connected) return;
    this.#busy = true;
    try {
      const atMs = Date.now();
      const board = await sampler.sample();
      this.#seq += 1;
      const pipelines = supervisor.stats().map((one) => this.#withOwnDrops(one));
      const stats = { atMs, seq: this.#seq, board, pipelines };
      await link.publish("stats", stats);
    } finally {
      this.#busy = false;
    }
  }
}
