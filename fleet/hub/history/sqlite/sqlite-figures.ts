import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import { BoardPoint, PipelinePoint } from "../../history-info.ts";
import type { FigureQuery, FigureRows, HistoryStore } from "../history-store.ts";

const BoardRow = z
  .object({
    at_ms: z.number(),
    samples: z.number(),
    cpu: z.number().nullable(),
    gpu: z.number().nullable(),
    memory_bytes: z.number().nullable(),
    disk_free_bytes: z.number().nullable(),
    hottest: z.number().nullable(),
  })
  .transform((row) =>
    BoardPoint.parse({
      atMs: row.at_ms,
      samples: row.samples,
      cpuPercent: row.cpu,
      gpuPercent: row.gpu,
      memoryUsedBytes: row.memory_bytes,
      diskFreeBytes: row.disk_free_bytes,
      hottestCelsius: row.hottest,
    }),
  );

const PipelineRow = z
  .object({
    pipeline: z.string(),
    at_ms: z.number(),
    samples: z.number(),
    fps: z.number(),
    fps_min: z.number(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    drops: z.number(),
  })
  .transform((row) => ({
    pipeline: row.pipeline,
    point: PipelinePoint.parse({
      atMs: row.at_ms,
      samples: row.samples,
      fps: row.fps,
      fpsMin: row.fps_min,
      latencyP50Ms: row.p50,
      latencyP95Ms: row.p95,
      drops: row.drops,
    }),
  }));

const BOARD = "";

/** The tables of figures. Rows of the same place are written once more when a hub was restarted in between. */
export class SqliteFigures {
  readonly #prepare: (sql: string) => StatementSync;
  readonly #series = new Map<string, number>();

  constructor(prepare: (sql: string) => StatementSync) {
    this.#prepare = prepare;
  }

  write({ board, pipelines }: FigureRows): void {
    const insertBoard = this.#prepare(`INSERT OR REPLACE INTO board_figures
      (series, at_s, samples, cpu, gpu, memory_bytes, disk_free_bytes, hottest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    for (const { device, point } of board) {
      const { samples, cpuPercent, gpuPercent, memoryUsedBytes, diskFreeBytes } = point;
      const figures = [cpuPercent, gpuPercent, memoryUsedBytes, diskFreeBytes];
      const at = Math.floor(point.atMs / 1000);
      insertBoard.run(this.#seriesOf(device, BOARD), at, samples, ...figures, point.hottestCelsius);
    }
    const insertPipeline = this.#prepare(`INSERT OR REPLACE INTO pipeline_figures
      (series, at_s, samples, fps, fps_min, p50, p95, drops) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    for (const { device, pipeline, point } of pipelines) {
      const { samples, fps, fpsMin, latencyP50Ms, latencyP95Ms, drops } = point;
      const figures = [samples, fps, fpsMin, latencyP50Ms, latencyP95Ms, drops];
      const at = Math.floor(point.atMs / 1000);
      insertPipeline.run(this.#seriesOf(device, pipeline), at, ...figures);
    }
  }

  dropBefore(atMs: number): void {
    const before = Math.floor(atMs / 1000);
    const tables = ["board_figures", "pipeline_figures"];
    for (const table of tables) {
      this.#prepare(
        `DELETE FROM ${table} WHERE (series, at_s) IN
         (SELECT f.series, f.at_s FROM series s JOIN ${table} f ON f.series = s.id AND f.at_s < ?)`,
      ).run(before);
    }
    const used = tables.map((table) => `SELECT 1 FROM ${table} f WHERE f.series = series.id`);
    this.#prepare(
      `DELETE FROM series WHERE ${used.map((one) => `NOT EXISTS (${one})`).join(" AND ")}`,
    ).run();
    this.forget();
  }

  /** What was undone may have named a series. */
  forget(): void {
    this.#series.clear();
  }

  read({
    device,
    sinceMs,
    untilMs,
    stepMs,
  }: FigureQuery): Awaited<ReturnType<HistoryStore["figures"]>> {
    const step = Math.max(1, Math.round(stepMs / 1000));
    const range = [Math.floor(sinceMs / 1000), Math.ceil(untilMs / 1000)];
    const of = `FROM series s JOIN %s f ON f.series = s.id
      WHERE s.device = ? AND f.at_s >= ? AND f.at_s < ? GROUP BY s.pipeline, f.at_s / ${step}
      ORDER BY s.pipeline, f.at_s / ${step}`;
    const at = `f.at_s / ${step} * ${step} * 1000 AS at_ms, sum(samples) AS samples`;
    const mean = (column: string): string => `avg(${column}) AS ${column}`;
    const board = `SELECT ${at}, ${["cpu", "gpu", "memory_bytes", "disk_free_bytes"].map(mean).join(", ")},
      max(hottest) AS hottest ${of.replace("%s", "board_figures")}`;
    const pipelines = `SELECT s.pipeline AS pipeline, ${at},
      sum(fps * samples) / sum(samples) AS fps, min(fps_min) AS fps_min, avg(p50) AS p50,
      max(p95) AS p95, sum(drops) AS drops ${of.replace("%s", "pipeline_figures")}`;
    return {
      board: this.#rows(board, device, range).map((row) => BoardRow.parse(row)),
      pipelines: this.#rows(pipelines, device, range).map((row) => {
        const { pipeline, point } = PipelineRow.parse(row);
        return { device, pipeline, point };
      }),
    };
  }

  #rows(sql: string, device: string, range: readonly number[]): unknown[] {
    return this.#prepare(sql).all(device, ...range);
  }

  #seriesOf(device: string, pipeline: string): number {
    const key = `${device}/${pipeline}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    this.#prepare("INSERT OR IGNORE INTO series (device, pipeline) VALUES (?, ?)").run(
      device,
      pipeline,
    );
    const row = this.#prepare("SELECT id FROM series WHERE device = ? AND pipeline = ?");
    const id = Number(row.get(device, pipeline)?.["id"]);
    this.#series.set(key, id);
    return id;
  }
}
