import type { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import { backoffMs, wait } from "../../transfer/backoff.ts";
import { ChainPage, EventPage, FigurePage, type KeptEvent } from "../history-info.ts";

export interface EventFilter {
  device?: string;
  pipeline?: string;
  kinds?: readonly string[];
  sinceMs?: number;
  untilMs?: number;
}

interface ReadOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

type Read = <Value>(
  path: string,
  schema: z.ZodType<Value>,
  options?: ReadOptions,
) => Promise<Value>;

const PAGE = 1000;
const WAIT_S = 20;
const ANSWER_MS = 10_000;
const BACKOFF = { baseMs: 500, capMs: 5000 };

/** What the hub keeps of the past. Every call throws FleetError: HUB_UNREACHABLE, HUB_REFUSED, CANCELLED. */
export class HistoryClient {
  readonly #read: Read;

  constructor(read: Read) {
    this.#read = read;
  }

  /** The newest events that fit, newest first; `before` is the id of the last one of the page before. */
  newest(filter: EventFilter, limit: number, before?: number): Promise<EventPage> {
    return this.#page(filter, { limit, before });
  }

  /** Everything that fits, oldest first, in pages. */
  async *all(filter: EventFilter): AsyncGenerator<KeptEvent[]> {
    let after = 0;
    for (let more = true; more; ) {
      const page = await this.#page(filter, { limit: PAGE, after });
      yield page.events;
      after = page.events.at(-1)?.id ?? after;
      more = page.more;
    }
  }

  /**
   * What comes behind the event of id `after`, for ever, oldest first; through outages of the hub, which `onLink` is
   * told of. Ends when `signal` fires; throws what no waiting helps against.
   */
  async *follow(
    filter: EventFilter,
    from: number,
    signal: AbortSignal,
    onLink: (error: FleetError | null) => void = () => {},
  ): AsyncGenerator<KeptEvent[]> {
    let after = from;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const page = await this.#page(filter, { limit: PAGE, after, wait: WAIT_S }, signal);
        if (failures > 0) onLink(null);
        failures = 0;
        // The hub has begun another history, whose ids are small again.
        if (page.newestId < after) {
          after = 0;
          continue;
        }
        after = page.more ? (page.events.at(-1)?.id ?? after) : page.newestId;
        if (page.events.length > 0) yield page.events;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof FleetError) || error.code !== "HUB_UNREACHABLE") throw error;
        if (failures === 0) onLink(error);
        await wait(backoffMs(failures, BACKOFF), signal).catch(() => undefined);
        failures += 1;
      }
    }
  }

  figures(device: string, range: { sinceMs: number; untilMs: number; stepMs: number }) {
    const { sinceMs, untilMs, stepMs } = range;
    const query = queryOf({ device, since: sinceMs, until: untilMs, step: stepMs });
    return this.#read(`/history/figures?${query}`, FigurePage);
  }

  chains(device?: string): Promise<ChainPage> {
    return this.#read(`/history/chains?${queryOf({ device })}`, ChainPage);
  }

  #page(
    { device, pipeline, kinds, sinceMs, untilMs }: EventFilter,
    place: { limit: number; after?: number; before?: number | undefined; wait?: number },
    signal?: AbortSignal,
  ): Promise<EventPage> {
    const query = queryOf({
      device,
      pipeline,
      kind: kinds?.join(","),
      since: sinceMs,
      until: untilMs,
      ...place,
    });
    const timeoutMs = ANSWER_MS + (place.wait ?? 0) * 1000;
    return this.#read(`/history/events?${query}`, EventPage, {
      timeoutMs,
      ...(signal ? { signal } : {}),
    });
  }
}

function queryOf(parameters: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.toString();
}
