import type { PipelineStats, Stats } from "../../contract/index.ts";
import type { BoardPoint, PipelinePoint } from "../history-info.ts";
import type { FigureRows } from "./history-store.ts";

/** Figures are kept as means over this long. */
export const FIGURE_STEP_MS = 10_000;
export const FIGURES_KEPT_MS = 24 * 3600_000;
/** A device has no more pipelines than its desired document may name. */
export const MAX_PIPELINES = 64;

type BoardSum = Omit<BoardPoint, "atMs" | "samples">;

interface Step {
  atMs: number;
  board: BoardSum[];
  pipelines: Map<string, PipelineStats[]>;
}

/** Gathers figures that come once a second into steps, by the hub's clock. Pure but for what it remembers. */
export class FigureSteps {
  readonly #open = new Map<string, Step>();
  readonly #done: { device: string; step: Step }[] = [];

  /** Returns how many pipelines were left out, because they are too many. */
  add(device: string, stats: Stats, nowMs: number): number {
    let refused = 0;
    const atMs = stepOf(nowMs);
    const known = this.#open.get(device);
    if (known && known.atMs !== atMs) this.#done.push({ device, step: known });
    const step: Step = known?.atMs === atMs ? known : { atMs, board: [], pipelines: new Map() };
    this.#open.set(device, step);
    step.board.push(boardSum(stats));
    for (const pipeline of stats.pipelines) {
      const heard = step.pipelines.get(pipeline.name);
      if (heard) heard.push(pipeline);
      else if (step.pipelines.size < MAX_PIPELINES) step.pipelines.set(pipeline.name, [pipeline]);
      else refused += 1;
    }
    return refused;
  }

  /** Takes the steps that have ended; all of them when the hub stops. */
  take(nowMs: number | "all"): FigureRows {
    for (const [device, step] of this.#open) {
      if (nowMs !== "all" && step.atMs >= stepOf(nowMs)) continue;
      this.#done.push({ device, step });
      this.#open.delete(device);
    }
    const done = this.#done.splice(0);
    return {
      board: done.map(({ device, step }) => ({ device, point: boardPoint(step) })),
      pipelines: done.flatMap(({ device, step: { atMs, pipelines } }) =>
        [...pipelines].map(([pipeline, seconds]) => ({
          device,
          pipeline,
          point: pipelinePoint(atMs, seconds),
        })),
      ),
    };
  }
}

function stepOf(ms: number): number {
  return Math.floor(ms / FIGURE_STEP_MS) * FIGURE_STEP_MS;
}

function boardSum({ board }: Stats): BoardSum {
  const temperatures = Object.values(board.temperaturesCelsius);
  return {
    cpuPercent: board.cpuPercent,
    gpuPercent: board.gpuPercent,
    memoryUsedBytes: board.memoryUsedBytes,
    diskFreeBytes: board.diskFreeBytes,
    hottestCelsius: temperatures.length === 0 ? null : Math.max(...temperatures),
  };
}

function boardPoint({ atMs, board }: Step): BoardPoint {
  const of = (pick: (one: BoardSum) => number | null): (number | null)[] => board.map(pick);
  return {
    atMs,
    samples: board.length,
    cpuPercent: tenths(mean(of(({ cpuPercent }) => cpuPercent))),
    gpuPercent: tenths(mean(of(({ gpuPercent }) => gpuPercent))),
    memoryUsedBytes: whole(mean(of(({ memoryUsedBytes }) => memoryUsedBytes))),
    diskFreeBytes: whole(mean(of(({ diskFreeBytes }) => diskFreeBytes))),
    hottestCelsius: tenths(most(of(({ hottestCelsius }) => hottestCelsius))),
  };
}

function pipelinePoint(atMs: number, seconds: readonly PipelineStats[]): PipelinePoint {
  const rates = seconds.map(({ fps }) => fps);
  return {
    atMs,
    samples: seconds.length,
    fps: tenths(mean(rates)) ?? 0,
    fpsMin: tenths(Math.min(...rates)) ?? 0,
    latencyP50Ms: tenths(mean(seconds.map(({ latencyMs }) => latencyMs?.p50 ?? null))),
    latencyP95Ms: tenths(most(seconds.map(({ latencyMs }) => latencyMs?.p95 ?? null))),
    drops: seconds.reduce(
      (sum, { stages }) => sum + stages.reduce((n, { drops }) => n + drops, 0),
      0,
    ),
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function tenths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
