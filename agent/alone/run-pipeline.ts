import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AloneLine, AloneOrder } from "../../fleet/alone/index.ts";
import { regionsOf } from "../../fleet/spec/index.ts";
import type { NativeMessage, NativePipeline } from "../../native/binding/api.ts";
import { analyticsOptions } from "../supervise/analytics-options.ts";
import { AloneBudget } from "./keep-budget.ts";
import { engineFor, readModel } from "./model-engine.ts";
import { placeModel } from "./place-model.ts";
import { addonIn, type Places } from "./places.ts";
import { ResultLines } from "./result-lines.ts";
import { secondaryModels } from "./secondary-models.ts";
import { troubleOf } from "./trouble.ts";

const SOURCE_TIMEOUT_MS = 5000;
const STATS_INTERVAL_MS = 1000;
/** Whoever reads is a person or a file: a burst of frames in a line costs both the least. */
const BATCH_MS = 50;

/** How a pipeline came to its end. */
type End = Extract<AloneLine, { type: "ended" | "failed" }>;

/**
 * Runs a pipeline until its last source ends, the order's number of frames came out, it fails, or the signal; tells it to
 * standard output, a line each. False when it failed, which the last line says.
 */
export async function runPipeline(
  order: AloneOrder,
  places: Places,
  signal: AbortSignal,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-run-"));
  const lines = new ResultLines(order.frames);
  let end: End;
  try {
    end = await play(order, places, folder, lines, signal);
  } catch (error) {
    end = signal.aborted
      ? { type: "ended", why: "stopped" }
      : { type: "failed", error: troubleOf(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  await lines.last(end);
  return end.type === "ended";
}

async function play(
  order: AloneOrder,
  places: Places,
  folder: string,
  lines: ResultLines,
  signal: AbortSignal,
): Promise<End> {
  const { detect, threads, sources } = order;
  const model = await readModel(order.model.path);
  const addon = addonIn(places);
  const { accelerator, why, libraries } = await placeModel(detect.accelerator, addon, places);
  const { backendPath, runtimePath } = libraries;
  const wish = {
    ...{ accelerator, precision: detect.precision, folder, signal },
    onProgress: (share: number, step: string) => lines.tell({ type: "building", share, step }),
  };
  const engine = await engineFor(addon, libraries, { ...wish, model });
  const secondary = await secondaryModels(order, addon, libraries, wish);
  const { name, version } = await addon.describeBackend({ backendPath, runtimePath });
  lines.tell({
    ...{ type: "started", model, accelerator, why },
    backend: { name, version, path: backendPath },
    precision: accelerator === "cpu" ? null : (detect.precision ?? "fp16"),
  });
  let ended: (end: End) => void = () => undefined;
  const end = new Promise<End>((resolve) => (ended = resolve));
  const stop = (): void => ended({ type: "ended", why: "stopped" });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  lines.onGone = stop;
  const { preprocess } = detect;
  let playing = sources.length;
  const budget = new AloneBudget(order, (line) => lines.tell(line));
  const pipeline = await addon.startPipeline(
    {
      name: order.name,
      sources: sources.map((source) => ({
        ...{ ...source, timeoutMs: SOURCE_TIMEOUT_MS },
        regions: regionsOf(source.name, detect.regions),
      })),
      model: {
        ...{ path: engine.path, labels: order.model.labels, decoder: order.model.decoder },
        ...{ minScore: detect.minScore, nmsIou: detect.nmsIou, threads, backendPath, runtimePath },
        ...(accelerator !== "cpu" && { lanes: [{ accelerator }] }),
        ...(preprocess !== undefined && preprocess !== "auto" && { preprocess }),
      },
      track: order.track,
      secondary,
      detectInterval: detect.interval,
      ...(order.analytics && { analytics: analyticsOptions(order.analytics) }),
      motion: detect.motion,
      statsIntervalMs: STATS_INTERVAL_MS,
      batchMs: BATCH_MS,
    },
    (message) => {
      if (isEnd(message)) playing -= 1;
      const stats = message.type === "stats" ? budget.second(message.json) : null;
      if (stats !== null) return lines.tell({ type: "stats", stats });
      take(message, lines, ended, playing);
    },
  );
  budget.pipeline = pipeline;
  return await stopped(pipeline, await end);
}

/** Tells a message, and what it is the end of. */
function take(
  message: NativeMessage,
  lines: ResultLines,
  ended: (end: End) => void,
  /** Sources that have not ended. */
  playing: number,
): void {
  if (message.type === "failed") return ended({ type: "failed", error: troubleOf(message.error) });
  const isEnough = lines.send(message);
  if (isEnough) return ended({ type: "ended", why: "frames" });
  if (playing === 0) ended({ type: "ended", why: "source" });
}

function isEnd(message: NativeMessage): boolean {
  return message.type === "source" && message.state === "ended";
}

async function stopped(pipeline: NativePipeline, end: End): Promise<End> {
  await pipeline.stop();
  return end;
}
