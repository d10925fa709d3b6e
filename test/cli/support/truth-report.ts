import { truthAsOverlay } from "../../../cli/demo/truth-text.ts";
import type { Shown } from "../../../cli/render/overlay.ts";
import { type TruthFact, truthOverlay } from "../../../fleet/sim/truth/overlay.ts";
import type { TruthReport, TruthRun } from "../../../fleet/sim/truth/report.ts";
import type { FleetView } from "../../../fleet/view/index.ts";
import { MODEL_DIGEST } from "./synthetic-device.ts";

export const OLD_DIGEST = `sha256:${"0".repeat(64)}`;

export function runOf(device: string, modelDigest: string, precision: number): TruthRun {
  const figures = { tp: 90, fp: 10, fn: 5, precision, recall: 0.947 };
  const output = { pooled: figures, perLabel: { person: figures, vehicle: figures } };
  return {
    device,
    pipeline: "entrance",
    modelDigest,
    fromMs: 1,
    toMs: 2,
    nightFrames: 0,
    frames: { matched: 600, missing: 12, unmatched: 3, first: 100, last: 711 },
    detector: output,
    tracker: { ...output, idf1: 0.812 },
  };
}

/** As the keeper writes it after the model of each device's pipeline changed. */
export function truthOf(devices: readonly string[], atMs: number): TruthFact {
  const report: TruthReport = {
    atMs,
    pid: 1,
    seed: 1,
    runs: devices.flatMap((device) => [
      runOf(device, OLD_DIGEST, 0.566),
      runOf(device, MODEL_DIGEST, 0.951),
    ]),
    swaps: devices.map((device) => ({
      device,
      pipeline: "entrance",
      atMs: atMs - 5000,
      fromDigest: OLD_DIGEST,
      toDigest: MODEL_DIGEST,
      lastFrame: 99,
      firstFrame: 100,
      lostFrames: 0,
      gapMs: 66.7,
    })),
  };
  return { kind: "report", report };
}

/** The view as screens get it, with the truth of all its devices as the keeper wrote it at `atMs`. */
export function withTruth(view: FleetView, atMs = view.generatedAtMs): Shown {
  const names = view.devices.map(({ name }) => name);
  return { ...view, overlay: truthAsOverlay(truthOverlay(truthOf(names, atMs), view)) };
}
