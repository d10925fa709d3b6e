import { z } from "zod";
import { SourceState } from "../../../fleet/contract/index.ts";
import type { NativeMessage } from "../../../native/binding/api.ts";

const NATIVE_CODES = [
  "SOURCE_UNREACHABLE",
  "SOURCE_AUTH",
  "SOURCE_FORMAT",
  "SOURCE_AUTH_MISSING",
  "SOURCE_AUTH_SCHEME",
  "SOURCE_NOT_FOUND",
  "SOURCE_REDIRECT",
  "SOURCE_TLS",
  "SOURCE_TRANSPORT",
  "SOURCE_UDP_BLOCKED",
  "SOURCE_SILENT",
  "SOURCE_CODEC",
  "SOURCE_NO_VIDEO",
  "SOURCE_NO_KEY_FRAME",
  "SOURCE_UNSUPPORTED",
  "SOURCE_TRUNCATED",
  "SOURCE_JOINED",
  "SOURCE_LOSS",
  "SOURCE_OVERLOAD",
  "SOURCE_CLOCK",
  "MODEL_INVALID",
  "MODEL_MEMORY",
  "ARTIFACT_DIGEST",
  "MOTION_UNAVAILABLE",
  "NATIVE_LOAD",
  "USAGE",
  "CANCELLED",
  "INTERNAL",
] as const;

/** A code that this version does not know becomes INTERNAL; the message is kept. */
const NativeErrorShape = z.object({
  code: z.enum(NATIVE_CODES).catch("INTERNAL"),
  message: z.string(),
});
/** Also what the runner itself refuses. */
export const RunnerError = z.object({
  code: z.enum([...NATIVE_CODES, "SPEC_INVALID"]).catch("INTERNAL"),
  message: z.string(),
});
export type RunnerError = z.infer<typeof RunnerError>;

/** What went wrong in a runner, in the words of its protocol. */
export function toRunnerError(error: unknown): RunnerError {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  return RunnerError.parse({ code: code ?? "INTERNAL", message });
}

/** What an envelope of type `source` or `failed` holds. */
export const SourceMessage = z.object({
  type: z.literal("source"),
  source: z.string().max(64).optional(),
  state: SourceState,
  error: NativeErrorShape.nullable(),
}) satisfies z.ZodType<Extract<NativeMessage, { type: "source" }>>;
export type SourceMessage = z.infer<typeof SourceMessage>;

export const FailedMessage = z.object({
  type: z.literal("failed"),
  error: NativeErrorShape,
}) satisfies z.ZodType<Extract<NativeMessage, { type: "failed" }>>;

export const WarningMessage = z.object({
  type: z.literal("warning"),
  source: z.string().max(64).optional(),
  error: NativeErrorShape,
}) satisfies z.ZodType<Extract<NativeMessage, { type: "warning" }>>;
export type WarningMessage = z.infer<typeof WarningMessage>;
