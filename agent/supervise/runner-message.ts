import { z } from "zod";
import { AnalyticsEvent, PipelineStats } from "../../fleet/contract/index.ts";
import { Digest } from "../../fleet/spec/names.ts";
import type { Envelope } from "./envelope.ts";
import { FailedMessage, SourceMessage, WarningMessage } from "./ipc/messages.ts";

/** What a runner says, as far as the agent reads it: frames are handed on without being looked into. */
export type RunnerMessage =
  | { type: "frames"; modelId: string; frames: number; json: Uint8Array }
  | { type: "stats"; stats: PipelineStats }
  | { type: "analytics"; events: AnalyticsEvent[] }
  | SourceMessage
  | z.infer<typeof FailedMessage>
  | z.infer<typeof WarningMessage>;

const OPENING = "[".charCodeAt(0);
const CLOSING = "]".charCodeAt(0);
/** Of the last message of frames: those of one model come in a row. */
let lastDigest = "";

/** The message in an envelope; throws what is wrong with it. Of frames only the cover is checked, once a message. */
export function openEnvelope({ type, modelId, frames, json }: Envelope): RunnerMessage {
  if (type === "engine" || type === "timing-cache") {
    throw new TypeError(`Expected what a pipeline says but got ${type}`);
  }
  if (type !== "frames") return openSmall(type, JSON.parse(Buffer.from(json).toString("utf8")));
  if (modelId !== lastDigest) lastDigest = Digest.parse(modelId);
  if (frames === 0 || json[0] !== OPENING || json[json.length - 1] !== CLOSING) {
    throw new TypeError(`Expected a list of frames but got ${frames} in ${json.length} bytes`);
  }
  return { type, modelId, frames, json };
}

function openSmall(
  type: Exclude<Envelope["type"], "frames" | "engine" | "timing-cache">,
  value: unknown,
): RunnerMessage {
  switch (type) {
    case "stats":
      return { type, stats: PipelineStats.parse(value) };
    case "analytics":
      return { type, events: z.array(AnalyticsEvent).parse(value) };
    case "source":
      return SourceMessage.parse(value);
    case "failed":
      return FailedMessage.parse(value);
    case "warning":
      return WarningMessage.parse(value);
  }
}
