import { z } from "zod";
import { LayersBesidePlan } from "../../../fleet/contract/index.ts";
import { Digest } from "../../../fleet/spec/names.ts";
import { GoldenWish } from "./golden.ts";

const Shape = z.array(z.number().int().positive()).min(1).max(8);
const Bytes = z.number().int().nonnegative().optional();

/** What of a build its engine's key names, as fleet/engine's `buildOptionsOf` says it. */
const KeyedOptions = z.object({
  precision: z.enum(["fp32", "fp16", "int8"]),
  allowTf32: z.boolean(),
  gpuFallback: z.boolean(),
  minMaxRanges: z.boolean(),
  float32Nodes: z.array(z.string()),
  shapes: z.array(z.object({ input: z.string(), min: Shape, opt: Shape, max: Shape })),
  effort: z.number().int().min(1).max(6).optional(),
  workspaceBytes: Bytes,
  dlaSramBytes: Bytes,
  dlaLocalDramBytes: Bytes,
  dlaGlobalDramBytes: Bytes,
  tacticSharedMemoryBytes: Bytes,
});

/** What the engine was planned as, for its layers to be held against. */
export const LayerPlan = z.object({
  module: z.string().min(1),
  jetpack: z.string().optional(),
  powerMode: z.string().optional(),
  accelerator: z.enum(["gpu", "dla0"]),
  precision: z.enum(["fp32", "fp16", "int8"]),
  /** Whether the machine is that silicon in that power mode, so that times may be compared. */
  isAlike: z.boolean(),
});
export type LayerPlan = z.infer<typeof LayerPlan>;

export const HeldLayers = z.object({
  layers: LayersBesidePlan.nullable(),
  /** Why they could not be held against the plan, or not timed; null: they were. */
  untold: z.string().nullable(),
});
export type HeldLayers = z.infer<typeof HeldLayers>;

/** What a builder makes an engine of. It builds in a folder of its own and hands the engine over piece by piece. */
export const BuildOptions = z.object({
  modelPath: z.string().min(1),
  /** Of the file: an engine is made of these bytes or of none. */
  modelDigest: Digest,
  backendPath: z.string().min(1),
  /** Empty: the backend finds it by itself. */
  runtimePath: z.string(),
  accelerator: z.string().min(1),
  /** Of backends that build in several ways. */
  keyed: KeyedOptions.optional(),
  /** 86 for 8.6: of a GPU that is not this machine's. */
  computeCapability: z.number().int().positive().optional(),
  threads: z.number().int().positive(),
  /** Text of fleet/engine's EngineKey. */
  engineKey: z.string().min(1),
  /** Null: it is not tried, for only the runner of its pipeline loads the decoder that reads it. */
  golden: GoldenWish.nullable(),
  /** Table of INT8 ranges: these bytes or none. */
  calibration: z.object({ path: z.string().min(1), digest: Digest }).optional(),
  /** Absent: nothing was planned of such an engine. */
  plan: LayerPlan.optional(),
  /** What an earlier builder found out, of backends that keep such things; empty: nothing yet. */
  timingCachePath: z.string().optional(),
  /** On a simulated board: the build is made to last this long at least. */
  simulatedMs: z.number().positive().optional(),
});
export type BuildOptions = z.infer<typeof BuildOptions>;

/** A piece of an engine fits into an envelope many times. */
export const PIECE_BYTES = 2 ** 20;
