import { z } from "zod";
import { FleetEvent } from "../../contract/index.ts";
import { EpochMs } from "../../spec/index.ts";
import { HubEvent, KeptEvent } from "../history-info.ts";

/** A kept event, read. */
export const ToldEvent = KeptEvent.omit({ text: true }).extend({
  kind: z.string(),
  pipeline: z.string().nullable(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()).nullable(),
  deviceAtMs: EpochMs.nullable().meta({
    description: "By the device's own clock; null: the hub noted it.",
  }),
});
export type ToldEvent = z.infer<typeof ToldEvent>;

/** A text that is no event, as where somebody changed it, is told as such. */
export function toldBy({ text, ...kept }: KeptEvent): ToldEvent {
  const json = parseJson(text);
  if (kept.source === "device") {
    const parsed = FleetEvent.safeParse(json);
    if (parsed.success) {
      return { ...kept, ...saidBy(parsed.data), deviceAtMs: parsed.data.atMs };
    }
  }
  const parsed = HubEvent.safeParse(json);
  const said = parsed.success && kept.source === "hub" ? parsed.data : UNREADABLE;
  return { ...kept, ...saidBy(said), deviceAtMs: null };
}

const UNREADABLE: HubEvent = {
  kind: "unreadable",
  message: "the text that the hub keeps is no event; `jetfleet journal verify` tells more",
};

function saidBy({ kind, message, pipeline, data }: HubEvent) {
  return { kind, message, pipeline: pipeline ?? null, data: data ?? null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
