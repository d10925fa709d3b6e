import { z } from "zod";
import { Digest, EpochMs, Name } from "../../spec/index.ts";

const Ratio = z.number().min(0).max(1).nullable();

const Figures = z.object({
  tp: z.number().int(),
  fp: z.number().int(),
  fn: z.number().int(),
  precision: Ratio,
  recall: Ratio,
});

const OutputFigures = z.object({ pooled: Figures, perLabel: z.record(z.string(), Figures) });

/** Figures of one pipeline and one model over its last frames. */
export const TruthRun = z.object({
  device: Name,
  pipeline: Name,
  modelDigest: Digest,
  /** The first and last frame were received at these times. */
  fromMs: EpochMs,
  toMs: EpochMs,
  /** Frames of the dark hours of the scene's day, which are another task than those of daylight. */
  nightFrames: z.number().int().nonnegative(),
  frames: z.object({
    matched: z.number().int(),
    missing: z.number().int(),
    unmatched: z.number().int(),
    first: z.number().int().nullable(),
    last: z.number().int().nullable(),
  }),
  detector: OutputFigures,
  tracker: OutputFigures.extend({ idf1: Ratio }),
});
export type TruthRun = z.infer<typeof TruthRun>;

/** The change from one model to the next on a pipeline, told from the frame numbers alone. */
export const TruthSwap = z.object({
  device: Name,
  pipeline: Name,
  atMs: EpochMs,
  fromDigest: Digest,
  toDigest: Digest,
  lastFrame: z.number().int(),
  firstFrame: z.number().int(),
  /** Frames between the two that no model answered for. */
  lostFrames: z.number().int().nonnegative(),
  /** Between the capture of the two frames; one frame's time when nothing was lost. */
  gapMs: z.number().nullable(),
});
export type TruthSwap = z.infer<typeof TruthSwap>;

/** What the truth keeper writes: how the fleet's detections compare with what the simulated camera showed. */
export const TruthReport = z.object({
  atMs: EpochMs,
  pid: z.number().int().positive(),
  seed: z.number().int(),
  /** Newest run of each pipeline and model. */
  runs: z.array(TruthRun),
  swaps: z.array(TruthSwap),
});
export type TruthReport = z.infer<typeof TruthReport>;
