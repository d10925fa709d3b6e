import { z } from "zod";
import { Name } from "../spec/index.ts";
import { DesiredMessage } from "./desired.ts";
import { SignedEnvelope } from "./envelope.ts";
import { Presence, Reported } from "./reported.ts";
import { Detections, FleetEvent, Stats } from "./telemetry.ts";
import { TOPIC_VERSION } from "./version.ts";

interface Channel<Schema extends z.ZodType> {
  schema: Schema;
  direction: "to-device" | "from-device";
  qos: 0 | 1;
  retain: boolean;
  /** Contract version that brought it. */
  since: number;
}

/** The whole contract: topic below `jetfleet/v1/<fleet>/<device>/` → what travels on it. */
export const CHANNELS = {
  desired: channel({
    /** The envelope by itself is a document of the former version. */
    schema: z.union([DesiredMessage, SignedEnvelope]),
    direction: "to-device",
    qos: 1,
    retain: true,
    since: 1,
  }),
  reported: channel({ schema: Reported, direction: "from-device", qos: 1, retain: true, since: 1 }),
  presence: channel({ schema: Presence, direction: "from-device", qos: 1, retain: true, since: 1 }),
  stats: channel({ schema: Stats, direction: "from-device", qos: 0, retain: false, since: 1 }),
  events: channel({
    schema: FleetEvent,
    direction: "from-device",
    qos: 1,
    retain: false,
    since: 1,
  }),
  /** Below it one topic per pipeline: `detections/<pipeline>`. */
  detections: channel({
    schema: Detections,
    direction: "from-device",
    qos: 0,
    retain: false,
    since: 1,
  }),
} as const;

export type ChannelName = keyof typeof CHANNELS;
export type Payload<Name extends ChannelName> = z.infer<(typeof CHANNELS)[Name]["schema"]>;

export function topicPrefix(fleet: string, device: string): string {
  return `jetfleet/v${TOPIC_VERSION}/${fleet}/${device}/`;
}

/** Topic of a channel; `detail` is the pipeline for `detections`. `+` may stand for fleet, device or detail. */
export function topic(fleet: string, device: string, name: ChannelName, detail?: string): string {
  return topicPrefix(fleet, device) + name + (detail === undefined ? "" : `/${detail}`);
}

export interface ParsedTopic {
  fleet: string;
  device: string;
  channel: ChannelName;
  detail: string | null;
}

/** The parts of a topic, or null for a topic that is not of this contract: whatever is named in it has a name's form. */
export function parseTopic(text: string): ParsedTopic | null {
  const [root, version, fleet, device, name, detail, ...rest] = text.split("/");
  if (root !== "jetfleet" || version !== `v${TOPIC_VERSION}` || rest.length > 0) return null;
  if (!fleet || !device || !name || !Object.keys(CHANNELS).includes(name)) return null;
  if ((name === "detections") !== (detail !== undefined)) return null;
  const names = detail === undefined ? [fleet, device] : [fleet, device, detail];
  if (!names.every((one) => Name.safeParse(one).success)) return null;
  return { fleet, device, channel: name as ChannelName, detail: detail ?? null };
}

function channel<Schema extends z.ZodType>(row: Channel<Schema>): Channel<Schema> {
  return row;
}
