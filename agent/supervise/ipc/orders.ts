import { z } from "zod";
import { Cards, Pace } from "../../../fleet/contract/index.ts";
import { Digest } from "../../../fleet/spec/names.ts";
import { BackendInfo } from "./backend.ts";
import { BuildOptions, HeldLayers } from "./build.ts";
import { GoldenFigures, GoldenSubject } from "./golden.ts";
import { RunnerError } from "./messages.ts";
import { LoadTimes, ModelOptions, ModelSwap, PipelineOptions, SourcesChange } from "./pipeline.ts";

/** Orders and answers between agent and runner, as JSON over Node's IPC channel. Results go beside it: envelope.ts. */

/** Of one kernel in base64; they have some ten thousand bytes. */
const MOST_KERNEL_TEXT = 2 ** 19;

export const ToRunner = z.discriminatedUnion("type", [
  /** Tries a model and ends; no pipeline is started. */
  z.object({ type: z.literal("test"), addonPath: z.string().min(1), model: ModelOptions }),
  /** Runs an engine, and its model as it is where that can be, on golden pictures; answered by `golden` or `test-failed`. */
  z.object({
    type: z.literal("golden"),
    addonPath: z.string().min(1),
    engine: GoldenSubject,
    reference: GoldenSubject.nullable(),
  }),
  /** Compiles the backend's own kernels; answered by `kernels` or `test-failed`. */
  z.object({
    type: z.literal("kernels"),
    addonPath: z.string().min(1),
    backendPath: z.string().min(1),
    runtimePath: z.string(),
    /** 86 for 8.6: of a GPU that is not this machine's. */
    computeCapability: z.number().int().positive().optional(),
  }),
  /** Says what GPU a backend sees, and which version its library has; answered by `backend` or `test-failed`. */
  z.object({
    type: z.literal("describe"),
    addonPath: z.string().min(1),
    backendPath: z.string().min(1),
    runtimePath: z.string(),
  }),
  /** Answered by `cards`, once a second until the runner ends. */
  z.object({ type: z.literal("watch-cards") }),
  /** Answered by `swapped` or `swap-failed`. `inTurn`: the former model goes before the new one is loaded. */
  z.object({ type: z.literal("swap"), model: ModelOptions, inTurn: z.boolean() }),
  /** Answered by `sources-changed` or `change-failed`; when that fails, some of it may be done. */
  z.object({ type: z.literal("change-sources") }).extend(SourcesChange.shape),
  z.object({ type: z.literal("start"), addonPath: z.string().min(1), options: PipelineOptions }),
  /** Of the running pipeline, at once. Its statistics show what came of it. */
  z.object({ type: z.literal("set-pace"), pace: Pace }),
  /** Answered by `build-progress`, again and again, and then `built` or `build-failed`. */
  z.object({ type: z.literal("build"), addonPath: z.string().min(1), options: BuildOptions }),
  /** After `built`; a piece of at most PIECE_BYTES follows in an envelope `engine`. */
  z.object({ type: z.literal("read-engine"), offset: z.number().int().nonnegative() }),
  z.object({ type: z.literal("stop") }),
]);
export type ToRunner = z.infer<typeof ToRunner>;

export const FromRunner = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), addonVersion: z.string() }),
  z.object({ type: z.literal("start-failed"), error: RunnerError }),
  z.object({ type: z.literal("tested"), times: LoadTimes }),
  z.object({ type: z.literal("test-failed"), error: RunnerError }),
  z.object({ type: z.literal("golden") }).extend(GoldenFigures.shape),
  /** Files as the native runtime writes them (fleet/engine's `readKernelFile`). */
  z.object({
    type: z.literal("kernels"),
    base64: z.array(z.string().max(MOST_KERNEL_TEXT)).max(16),
  }),
  z.object({ type: z.literal("backend"), backend: BackendInfo }),
  z.object({ type: z.literal("cards"), cards: Cards }),
  z.object({ type: z.literal("swapped"), swap: ModelSwap }),
  z.object({ type: z.literal("swap-failed"), error: RunnerError }),
  z.object({ type: z.literal("sources-changed") }),
  z.object({ type: z.literal("change-failed"), error: RunnerError }),
  z.object({
    type: z.literal("build-progress"),
    share: z.number().min(0).max(1),
    step: z.string().max(200),
  }),
  z.object({
    type: z.literal("built"),
    sizeBytes: z.number().int().positive(),
    digest: Digest,
    /** Null: it could not be tried, and `untried` says why. */
    golden: GoldenFigures.nullable(),
    untried: RunnerError.nullable(),
    /** Null: nothing was planned. */
    held: HeldLayers.nullable(),
  }),
  /** `noRoom`: the folder it builds in is full, which says nothing of the model. */
  z.object({ type: z.literal("build-failed"), error: RunnerError, noRoom: z.boolean() }),
  z.object({ type: z.literal("stopped") }),
]);
export type FromRunner = z.infer<typeof FromRunner>;
