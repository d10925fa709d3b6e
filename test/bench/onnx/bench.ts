import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench, BenchResult } from "../bench.ts";
import { writeLargeModel } from "./large-model.ts";

const run = promisify(execFile);
const RUNS = 5;
const LARGE_BYTES = 100e6;
const TIMEOUT_MS = 60_000;
const root = join(import.meta.dirname, "../../..");
const CANDIDATES = ["yolox_nano.onnx", "fastestdet.onnx", "person_reid_0288.onnx"].map((name) =>
  join(root, "../shared/data/models", name),
);

interface Measured {
  nodes: number;
  fileBytes: number;
  loadMs: number;
  readMs: number;
  shapesMs: number;
  totalMs: number;
  /** Of the process, all threads: what the reader costs on a machine that others use too. */
  cpuMs: number;
  peakGrowthBytes: number;
}

/** Reading and shape inference of models, each run in a fresh process. */
export const onnxBench: Bench = {
  name: "onnx",
  summary: "time and memory to read an ONNX model and work out its shapes",
  async run(log): Promise<BenchResult> {
    const folder = await mkdtemp(join(tmpdir(), "jetfleet-bench-onnx-"));
    try {
      const large = join(folder, "large.onnx");
      writeLargeModel(large, LARGE_BYTES);
      const networks = ["resnet152", "yolov4"].map((name) =>
        join(root, "fleet/plan/calibration/networks", `${name}.onnx`),
      );
      const rows = [];
      for (const path of [large, ...CANDIDATES.filter((one) => existsSync(one)), ...networks]) {
        log(`reading ${path.split("/").pop()}`);
        rows.push(await measure(path));
      }
      return result(rows);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(path: string): Promise<Measured & { model: string }> {
  const runs: Measured[] = [];
  for (let at = 0; at < RUNS; at++) {
    const script = join(import.meta.dirname, "measure.ts");
    const { stdout } = await run(process.execPath, [script, path], { timeout: TIMEOUT_MS });
    runs.push(JSON.parse(stdout) as Measured);
  }
  const byTime = runs.toSorted((a, b) => a.totalMs - b.totalMs);
  const median = byTime[Math.floor(byTime.length / 2)];
  if (!median) throw new Error(`No run of ${path}`);
  const peakGrowthBytes = Math.max(...runs.map((one) => one.peakGrowthBytes));
  return { model: path.split("/").pop() ?? path, ...median, peakGrowthBytes };
}

function result(rows: (Measured & { model: string })[]): BenchResult {
  const large = rows.find(({ model }) => model === "large.onnx");
  return {
    rows: rows.map(
      ({ model, nodes, fileBytes, loadMs, readMs, shapesMs, totalMs, cpuMs, peakGrowthBytes }) => ({
        model,
        nodes,
        fileMB: fileBytes / 1e6,
        loadMs,
        readMs,
        shapesMs,
        totalMs,
        cpuMs,
        peakMB: peakGrowthBytes / 1e6,
      }),
    ),
    ratios: {
      largeTotalMs: large?.totalMs ?? Number.NaN,
      largeCpuMs: large?.cpuMs ?? Number.NaN,
      largePeakOverFileSize: large ? large.peakGrowthBytes / large.fileBytes : Number.NaN,
    },
    conditions: { runs: RUNS, node: process.version, cpu: cpus()[0]?.model ?? "unknown" },
  };
}
