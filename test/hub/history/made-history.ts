import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PipelineStats, Stats } from "../../../fleet/contract/index.ts";
import { History, type HistoryOptions } from "../../../fleet/hub/history/history.ts";
import type { MadeEvent } from "../../fleet/journal/made.ts";

/** A history in a folder of its own, with a clock that tests set. */
export class MadeHistory {
  readonly folder: string;
  readonly logged: string[] = [];
  nowMs = Date.UTC(2026, 5, 1);
  history!: History;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(options: Partial<HistoryOptions> = {}): Promise<MadeHistory> {
    const made = new MadeHistory(await mkdtemp(path.join(tmpdir(), "jetfleet-history-")));
    await made.reopen(options);
    return made;
  }

  get file(): string {
    return path.join(this.folder, "history.sqlite");
  }

  async reopen(options: Partial<HistoryOptions> = {}): Promise<void> {
    this.history = await History.open({
      folder: this.folder,
      log: (message) => this.logged.push(message),
      now: () => this.nowMs,
      ...options,
    });
  }

  async take(device: string, events: readonly MadeEvent[]): Promise<void> {
    for (const { text } of events) await this.history.takeEvent(device, Buffer.from(text));
  }

  /** What is kept, oldest first: kind of event by device. */
  async kinds(device?: string): Promise<string[]> {
    const query = device === undefined ? {} : { device };
    const events = await this.history.store.events({ ...query, after: 0, limit: 100_000 });
    return events.map(({ text }) => (JSON.parse(text) as { kind: string }).kind);
  }

  async remove(): Promise<void> {
    await this.history.close();
    await rm(this.folder, { recursive: true });
  }
}

export function statsOf(seq: number, pipelines: readonly PipelineStats[] = []): Stats {
  return {
    atMs: seq,
    seq,
    board: {
      cpuPercent: 50,
      gpuPercent: null,
      memoryUsedBytes: 1e9,
      memoryTotalBytes: 4e9,
      diskFreeBytes: 1e10,
      temperaturesCelsius: { cpu: 40 + (seq % 10), gpu: 30 },
      powerMilliwatts: {},
    },
    pipelines: [...pipelines],
  };
}

export function pipelineOf(fps: number, p95: number | null = null): PipelineStats {
  return {
    name: "entrance",
    fps,
    framesTotal: 1,
    droppedTotal: 0,
    latencyMs: p95 === null ? null : { p50: p95 / 2, p95, p99: p95, max: p95 },
    latencyFrom: "arrival",
    stages: [
      {
        name: "detect",
        frames: 1,
        waitMs: null,
        workMs: null,
        queue: { level: 0, max: 0, capacity: 1 },
        drops: 1,
        dropsTotal: 1,
      },
    ],
    tracksTotal: 0,
    copiesPerFrame: 0,
    copiedBytesPerFrame: 0,
    source: { state: "playing", reconnects: 0 },
  };
}
