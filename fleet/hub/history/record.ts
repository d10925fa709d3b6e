import { type ChannelName, Presence } from "../../contract/index.ts";
import { asFleetError } from "../../errors/index.ts";
import type { Log } from "../log.ts";
import type { History } from "./history.ts";

/** What a device published. */
export interface Published {
  device: string;
  channel: ChannelName;
  payload: Buffer;
  /** What was retained before it. */
  before: Buffer | undefined;
}

export type Recorder = (message: Published) => Promise<void>;

/**
 * Puts into the history what a device publishes. An event that cannot be kept is refused, so that the device keeps it
 * and sends it again; for anything else a device is never refused.
 */
export function recorderFor(history: History, log: Log): Recorder {
  return async ({ device, channel, payload, before }) => {
    switch (channel) {
      case "events":
        return history.takeEvent(device, payload);
      case "stats":
        return history.takeStats(device, payload);
      case "reported":
        return tolerate(history.takeReported(device, payload));
      case "presence": {
        const after = parsePresence(payload);
        if (after) {
          await tolerate(
            history.takePresence(device, before ? parsePresence(before) : null, after),
          );
        }
        return;
      }
      case "desired":
      case "detections":
        return;
    }
  };

  async function tolerate(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      log("not in the history", { reason: asFleetError(error, "keeping the history").message });
    });
  }
}

function parsePresence(payload: Uint8Array): Presence | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return Presence.safeParse(json).data ?? null;
  } catch {
    return null;
  }
}
