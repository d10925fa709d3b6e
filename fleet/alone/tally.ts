import type { AnalyticsStats, DetectedFrame, PipelineStats } from "../contract/index.ts";

/** What a pipeline has done since its start. */
export interface Tally {
  frames: number;
  /** Milliseconds from the first to the last frame that came out, by the clock of whoever counts. */
  overMs: number;
  /** Objects by label, most first. */
  objects: [label: string, count: number][];
  /** Numbers of tracks that were seen; null without a tracker. */
  tracks: number | null;
  /** Frames that never came out, by place and reason. */
  drops: { place: string; reason: string; total: number }[];
  /** Of lines and zones, where there are any. */
  analytics?: AnalyticsStats;
}

/** Counts frames as they come. */
export class Counter {
  #frames = 0;
  #firstMs: number | null = null;
  #lastMs = 0;
  readonly #objects = new Map<string, number>();
  readonly #tracks = new Set<number>();
  #isTracked = false;
  #stats: PipelineStats | null = null;

  addFrames(frames: readonly DetectedFrame[], nowMs: number): void {
    this.#frames += frames.length;
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
    for (const { detections, tracks } of frames) {
      for (const { label } of detections) {
        this.#objects.set(label, (this.#objects.get(label) ?? 0) + 1);
      }
      if (tracks === undefined) continue;
      this.#isTracked = true;
      for (const { trackId } of tracks) this.#tracks.add(trackId);
    }
  }

  addStats(stats: PipelineStats): void {
    this.#stats = stats;
  }

  tally(): Tally {
    const { stages = [], drops = [], analytics } = this.#stats ?? {};
    const late = stages.map(({ name, dropsTotal }) => ({
      place: name,
      reason: "late",
      total: dropsTotal,
    }));
    return {
      frames: this.#frames,
      overMs: this.#firstMs === null ? 0 : this.#lastMs - this.#firstMs,
      objects: [...this.#objects].sort(([, a], [, b]) => b - a),
      tracks: this.#isTracked ? this.#tracks.size : null,
      drops: [...late, ...drops].filter(({ total }) => total > 0),
      ...(analytics && { analytics }),
    };
  }
}

/** Frames a second; null when too few came to say. */
export function rateOf({ frames, overMs }: Tally): number | null {
  return frames < 2 || overMs <= 0 ? null : ((frames - 1) * 1000) / overMs;
}
