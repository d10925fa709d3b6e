import { z } from "zod";
import { DetectedFrame, PipelineStats } from "../../fleet/contract/index.ts";
import { Decoder, Label } from "../../fleet/spec/model.ts";
import type { NativeMessage, NativePipelineOptions } from "../../native/binding/api.ts";

/** What agent and runner say to each other over Node's IPC channel, as JSON. */

export const PipelineOptions = z.object({
  name: z.string().min(1),
  source: z.object({
    uri: z.string().min(1),
    transport: z.enum(["tcp", "udp"]),
    loop: z.boolean(),
    timeoutMs: z.number().int().positive(),
  }),
  model: z.object({
    path: z.string().min(1),
    labels: z.array(Label).min(1),
    decoder: Decoder,
    minScore: z.number().min(0).max(1),
    nmsIou: z.number().min(0).max(1),
    backendPath: z.string().min(1),
    runtimePath: z.string().min(1),
    threads: z.number().int().positive(),
  }),
  track: z.object({ algorithm: z.literal("bytetrack") }).nullable(),
  statsIntervalMs: z.number().int().positive(),
  batchMs: z.number().int().positive(),
}) satisfies z.ZodType<NativePipelineOptions>;

const NATIVE_CODES = [
  "SOURCE_UNREACHABLE",
  "SOURCE_AUTH",
  "SOURCE_FORMAT",
  "MODEL_INVALID",
  "NATIVE_LOAD",
  "INTERNAL",
] as const;

/** A code that this version does not know becomes INTERNAL; the message is kept. */
export const RunnerError = z.object({
  code: z.enum(NATIVE_CODES).catch("INTERNAL"),
  message: z.string(),
});
export type RunnerError = z.infer<typeof RunnerError>;

export const RunnerMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("frames"), frames: z.array(DetectedFrame) }),
  z.object({ type: z.literal("stats"), stats: PipelineStats, messagesDropped: z.number() }),
  z.object({
    type: z.literal("source"),
    state: z.enum(["connecting", "playing", "lost", "ended"]),
    error: RunnerError.nullable(),
  }),
  z.object({ type: z.literal("failed"), error: RunnerError }),
]) satisfies z.ZodType<NativeMessage>;
export type RunnerMessage = z.infer<typeof RunnerMessage>;

export const ToRunner = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), addonPath: z.string().min(1), options: PipelineOptions }),
  z.object({ type: z.literal("stop") }),
]);
export type ToRunner = z.infer<typeof ToRunner>;

export const FromRunner = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), addonVersion: z.string() }),
  z.object({ type: z.literal("start-failed"), error: RunnerError }),
  z.object({ type: z.literal("native"), message: RunnerMessage }),
  z.object({ type: z.literal("stopped") }),
]);
export type FromRunner = z.infer<typeof FromRunner>;
