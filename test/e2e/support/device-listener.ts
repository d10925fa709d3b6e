import type {
  DetectedFrame,
  FleetEvent,
  PipelineStats,
  SourceStats,
} from "../../../fleet/contract/index.ts";
import type { FleetLink, HubClient } from "../../../fleet/hub/client/index.ts";

/** Hears all that a device of one pipeline tells over MQTT, and keeps it in the order in which it came. */
export class DeviceListener {
  readonly frames: DetectedFrame[] = [];
  readonly stats: PipelineStats[] = [];
  readonly events: FleetEvent[] = [];
  readonly #link: FleetLink;
  readonly #waiting = new Set<() => void>();

  private constructor(link: FleetLink) {
    this.#link = link;
  }

  static async start(hub: HubClient, device: string): Promise<DeviceListener> {
    const link = await hub.connectMqtt();
    const listener = new DeviceListener(link);
    await link.subscribe(device, "detections", (batch) => listener.#take("frames", batch.frames));
    await link.subscribe(device, "stats", (all) => listener.#take("stats", all.pipelines));
    await link.subscribe(device, "events", (event) => listener.#take("events", [event]));
    return listener;
  }

  /** Of one source, from a place in `frames` on. */
  framesOf(source: string, from = 0): DetectedFrame[] {
    return this.frames.slice(from).filter((frame) => frame.source === source);
  }

  /** As they were told last. */
  sourceStats(source: string): SourceStats {
    const last = this.stats.at(-1);
    const found = last?.sources?.find(({ name }) => name === source);
    if (!found) throw new Error(`no figures of ${source}: ${JSON.stringify(last)}`);
    return found;
  }

  async nextStats(withinMs: number): Promise<void> {
    const before = this.stats.length;
    await this.until("figures", () => this.stats.length > before, withinMs);
  }

  /** Resolves as soon as `condition` holds, which is asked after every message. */
  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const check = () => {
        if (!condition()) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not within ${withinMs} ms: ${what}`));
      }, withinMs);
      this.#waiting.add(check);
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #take<What extends "frames" | "stats" | "events">(what: What, more: this[What]): void {
    (this[what] as unknown[]).push(...more);
    for (const check of [...this.#waiting]) check();
  }
}
