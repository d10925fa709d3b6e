import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BenchAnswer,
  type BenchOrder,
  type BenchReport,
  latencyOf,
  layersOf,
} from "../../fleet/bench/index.ts";
import { readClocks } from "../board/clocks.ts";
import { engineFor, readModel } from "./model-engine.ts";
import { addonIn, librariesFor, type Places } from "./places.ts";
import { troubleOf } from "./trouble.ts";

/** A build that can be interrupted has ended by then. */
const CANCEL_DEADLINE_MS = 1000;

/** Measures, and says what came of it. One that is cancelled ends with its process, soon. */
export async function runBench(
  order: BenchOrder,
  places: Places,
  signal: AbortSignal,
): Promise<BenchAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let late: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => {
    late = setTimeout(() => endAbruptly(remove), CANCEL_DEADLINE_MS);
  });
  try {
    return { type: "report", report: await measure(order, places, folder, signal) };
  } catch (error) {
    return { type: "error", error: troubleOf(error) };
  } finally {
    clearTimeout(late);
    remove();
  }
}

/** A run of a library cannot be interrupted, and exit would run its destructors under its feet. */
function endAbruptly(remove: () => void): void {
  remove();
  process.kill(process.pid, "SIGKILL");
}

async function measure(
  order: BenchOrder,
  places: Places,
  folder: string,
  signal: AbortSignal,
): Promise<BenchReport> {
  const model = await readModel(order.model);
  const libraries = await librariesFor(order.accelerator, places);
  const addon = addonIn(places);
  const { accelerator, precision } = order;
  const engine = await engineFor(addon, libraries, {
    ...{ model, accelerator, precision, folder, signal },
  });
  const measured = await addon.benchModel({
    backendPath: libraries.backendPath,
    runtimePath: libraries.runtimePath,
    ...engine,
    accelerator: order.accelerator,
    threads: order.threads,
    batch: order.batch ?? 0,
    warmUpMs: order.warmUpMs,
    durationMs: order.durationMs,
    layers: order.layers,
  });
  const clocks = await readClocks();
  const runsPerSecond = (1000 * measured.runs) / measured.hostMs;
  const layers = layersOf(measured.inspection ?? "", measured.layerTimes);
  return {
    schema: 1,
    board: null,
    model,
    backend: { name: measured.backend, version: measured.version, path: libraries.backendPath },
    accelerator: order.accelerator,
    precision: order.precision ?? null,
    batch: measured.batch,
    threads: libraries.name === "onnxruntime" ? order.threads : null,
    latencyMs: latencyOf(measured.latencyMs),
    latencyRuns: measured.latencyMs.length,
    throughput: { runsPerSecond, picturesPerSecond: runsPerSecond * measured.batch },
    throughputRuns: measured.runs,
    inFlight: measured.inFlight,
    warmUpMs: order.warmUpMs,
    layers: layers.length > 0 ? layers : null,
    noLayers:
      !order.layers || layers.length > 0
        ? null
        : (measured.noInspection ?? `${measured.backend} tells nothing of its layers`),
    clocks,
    at: new Date().toISOString(),
  };
}
