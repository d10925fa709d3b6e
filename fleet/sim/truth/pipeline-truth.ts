import type { DetectedFrame, Detections } from "../../contract/index.ts";
import { RunScore } from "../score/index.ts";
import type { TruthRun, TruthSwap } from "./report.ts";
import { type FrameTruth, NOTHING_KNOWN } from "./scene-truth.ts";

/** Frames that the figures are taken over: 40 s at 15 frames per second. */
export const WINDOW_FRAMES = 600;
const KEPT_SWAPS = 10;
/** Further back than any reordering on the way. */
const REORDERED_FRAMES = 60;

interface Scored {
  frame: DetectedFrame;
  truth: FrameTruth;
  receivedAtMs: number;
}

interface ModelRun {
  modelDigest: string;
  window: Scored[];
  /** Of the window as it is; null when frames came since. The model before the present one keeps its own. */
  figures: TruthRun | null;
}

/** Keeps the last frames of one pipeline for the model that runs and for the one before it. */
export class PipelineTruth {
  readonly swaps: TruthSwap[] = [];
  readonly #device: string;
  readonly #pipeline: string;
  #runs: ModelRun[] = [];

  constructor(device: string, pipeline: string) {
    this.#device = device;
    this.#pipeline = pipeline;
  }

  add(batch: Detections, truths: readonly FrameTruth[], receivedAtMs: number): void {
    if (this.#cameraBeganAnew(batch)) this.#runs = [];
    const run = this.#runOf(batch, receivedAtMs);
    for (const [at, frame] of batch.frames.entries()) {
      run.window.push({ frame, truth: truths[at] ?? NOTHING_KNOWN, receivedAtMs });
    }
    run.window.splice(0, run.window.length - WINDOW_FRAMES);
    run.figures = null;
  }

  /** A camera that was started again counts from 0: frames of both lives must not be held against one count. */
  #cameraBeganAnew(batch: Detections): boolean {
    const last = this.#runs.at(-1)?.window.at(-1)?.frame.sourceFrame ?? null;
    const next = batch.frames[0]?.sourceFrame ?? null;
    return last !== null && next !== null && next < last - REORDERED_FRAMES;
  }

  runs(): TruthRun[] {
    return this.#runs
      .filter(({ window }) => window.length > 0)
      .map((run) => {
        run.figures ??= this.#score(run);
        return run.figures;
      });
  }

  #runOf(batch: Detections, receivedAtMs: number): ModelRun {
    const last = this.#runs.at(-1);
    if (last?.modelDigest === batch.modelDigest) return last;
    if (last) this.#recordSwap(last, batch, receivedAtMs);
    const run: ModelRun = { modelDigest: batch.modelDigest, window: [], figures: null };
    // A model that comes back begins anew: its former figures were of another time.
    this.#runs = [
      ...this.#runs.filter((old) => old.modelDigest !== batch.modelDigest).slice(-1),
      run,
    ];
    return run;
  }

  #recordSwap(from: ModelRun, batch: Detections, atMs: number): void {
    const before = from.window.at(-1)?.frame;
    const after = batch.frames[0];
    if (!before || !after || before.sourceFrame === null || after.sourceFrame === null) return;
    const captured = before.capturedAtMs !== null && after.capturedAtMs !== null;
    this.swaps.push({
      device: this.#device,
      pipeline: this.#pipeline,
      atMs,
      fromDigest: from.modelDigest,
      toDigest: batch.modelDigest,
      lastFrame: before.sourceFrame,
      firstFrame: after.sourceFrame,
      lostFrames: Math.max(0, after.sourceFrame - before.sourceFrame - 1),
      gapMs: captured ? after.capturedAtMs! - before.capturedAtMs! : null,
    });
    this.swaps.splice(0, this.swaps.length - KEPT_SWAPS);
  }

  #score({ modelDigest, window }: ModelRun): TruthRun {
    const score = new RunScore();
    for (const { frame, truth } of window) score.add(frame, () => truth.objects);
    return {
      device: this.#device,
      pipeline: this.#pipeline,
      modelDigest,
      fromMs: window[0]?.receivedAtMs ?? 0,
      toMs: window.at(-1)?.receivedAtMs ?? 0,
      nightFrames: window.filter(({ truth }) => truth.night > 0.5).length,
      ...score.figures(),
    };
  }
}
