import { z } from "zod";
import {
  AnalyticsEvent,
  BUDGET_ACTION,
  BUDGET_HELD_EVENT,
  DetectedFrame,
  PipelineStats,
  SourceState,
} from "../contract/index.ts";
import { Digest } from "../spec/index.ts";

const Trouble = z.object({
  /** Of fleet/errors. */
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
export type Trouble = z.infer<typeof Trouble>;

/** What a pipeline without a fleet says, a line of JSON each. Further members may follow in later versions. */
export const AloneLine = z.discriminatedUnion("type", [
  /** First: what runs, where, and why there. */
  z.object({
    type: z.literal("started"),
    model: z.object({ path: z.string(), digest: Digest, sizeBytes: z.number() }),
    backend: z.object({ name: z.string(), version: z.string().nullable(), path: z.string() }),
    accelerator: z.string(),
    /** Null: as the model is. */
    precision: z.string().nullable(),
    /** Of `auto`; null where the accelerator was named. */
    why: z.string().nullable(),
  }),
  /** Before it, where an engine is made for a GPU or DLA: which share is done, and what is being done. */
  z.object({ type: z.literal("building"), share: z.number(), step: z.string() }),
  z.object({ type: z.literal("frames"), frames: z.array(DetectedFrame) }),
  /** What happened at lines and in zones; of one source, in order. */
  z.object({ type: z.literal("analytics"), events: z.array(AnalyticsEvent) }),
  /** A step for the pipeline's budget, or why none is taken; statistics hold what is in force. */
  z.object({
    type: z.literal("budget"),
    kind: z.enum([BUDGET_ACTION, BUDGET_HELD_EVENT]),
    message: z.string(),
  }),
  /** Of the last second. */
  z.object({ type: z.literal("stats"), stats: PipelineStats }),
  z.object({
    type: z.literal("source"),
    source: z.string().optional(),
    state: SourceState,
    error: Trouble.nullable(),
  }),
  /** Does not stop the source. */
  z.object({ type: z.literal("warning"), source: z.string().optional(), error: Trouble }),
  /** Last, when all went well: the last source has ended, `frames` of the order came out, or somebody stopped it. */
  z.object({ type: z.literal("ended"), why: z.enum(["source", "frames", "stopped"]) }),
  /** Last, instead of it. */
  z.object({ type: z.literal("failed"), error: Trouble }),
]);
export type AloneLine = z.infer<typeof AloneLine>;
export type StartedLine = Extract<AloneLine, { type: "started" }>;
