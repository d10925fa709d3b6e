import { writeSync } from "node:fs";
import { packEnvelope } from "../../../agent/supervise/envelope.ts";
import type { NativeAddon, NativeMessage } from "../../../native/binding/api.ts";

/** As the addon does it: messages are told a function, or written to a file descriptor. */
export function toReceiver(
  receiver: Parameters<NativeAddon["startPipeline"]>[1],
): (message: NativeMessage) => void {
  if (typeof receiver === "function") return receiver;
  return (message) => {
    const envelope = packEnvelope(envelopeOf(message));
    for (let at = 0; at < envelope.length; ) at += writeSync(receiver, envelope, at);
  };
}

function envelopeOf(message: NativeMessage): Parameters<typeof packEnvelope>[0] {
  switch (message.type) {
    case "frames":
      return message;
    case "analytics":
      return { ...message, modelId: "", frames: message.events };
    case "stats":
      return { ...message, modelId: "", frames: 0 };
    default: {
      const json = Buffer.from(JSON.stringify(message));
      return { type: message.type, modelId: "", frames: 0, json };
    }
  }
}
