import type {
  FleetEvent,
  FormerDesired,
  Payload,
  Presence,
  Reported,
  Stats,
} from "../contract/index.ts";
import { type History, withStats } from "./plan/history.ts";

/** A message and when it came, by our clock; null when it was retained, so that its arrival says nothing. */
export interface Heard<Message> {
  message: Message;
  atMs: number | null;
}

export interface DeviceFacts {
  name: string;
  desired: Heard<FormerDesired> | null;
  reported: Heard<Reported> | null;
  presence: Heard<Presence> | null;
  stats: Heard<Stats> | null;
  /** The last seconds of each pipeline's figures. */
  history: History;
  /** Newest first, at most MAX_EVENTS. */
  events: readonly FleetEvent[];
}

/** Everything that was heard of a fleet: the last word of each device on each channel. */
export interface FleetFacts {
  devices: ReadonlyMap<string, DeviceFacts>;
}

export type FleetMessage =
  /** The hub knows the device, whether or not anything was heard of it. */
  | { type: "device"; device: string }
  | { type: "desired"; device: string; message: FormerDesired; atMs: number | null }
  | { type: "reported"; device: string; message: Payload<"reported">; atMs: number | null }
  | { type: "presence"; device: string; message: Presence; atMs: number | null }
  | { type: "stats"; device: string; message: Stats; atMs: number }
  | { type: "event"; device: string; message: FleetEvent }
  /** What was retained on the channel is gone. */
  | { type: "removed"; device: string; channel: "desired" | "reported" | "presence" };

const MAX_EVENTS = 50;

export const NOTHING_HEARD: FleetFacts = { devices: new Map() };

export function reduce(facts: FleetFacts, message: FleetMessage): FleetFacts {
  const before = facts.devices.get(message.device) ?? unheard(message.device);
  const after = apply(before, message);
  if (message.type === "removed" && isUnknown(after)) return without(facts, message.device);
  if (after === before && facts.devices.has(message.device)) return facts;
  return { devices: new Map(facts.devices).set(message.device, after) };
}

function apply(device: DeviceFacts, heard: FleetMessage): DeviceFacts {
  switch (heard.type) {
    case "device":
      return device;
    case "desired":
      return { ...device, desired: { message: heard.message, atMs: heard.atMs } };
    case "reported":
      return { ...device, reported: { message: heard.message, atMs: heard.atMs } };
    case "presence":
      return isOvertaken(heard.message, device.presence?.message)
        ? device
        : { ...device, presence: { message: heard.message, atMs: heard.atMs } };
    case "stats":
      return withFigures(device, heard.message, heard.atMs);
    case "event":
      return { ...device, events: withEvent(device.events, heard.message) };
    case "removed":
      return { ...device, [heard.channel]: null };
  }
}

function withFigures(device: DeviceFacts, message: Stats, atMs: number): DeviceFacts {
  const history = withStats(device.history, message, device.reported?.message, atMs);
  return { ...device, stats: { message, atMs }, history };
}

/** QoS 1 may deliver an event twice. */
function withEvent(events: readonly FleetEvent[], event: FleetEvent): readonly FleetEvent[] {
  if (events.some((known) => known.seq === event.seq && known.atMs === event.atMs)) return events;
  return [event, ...events].slice(0, MAX_EVENTS);
}

/** A will of an older session says nothing about the newer one. */
function isOvertaken(incoming: Presence, known: Presence | undefined): boolean {
  if (!known || incoming.online || !known.online) return false;
  return incoming.bootId === known.bootId && incoming.seq < known.seq;
}

/** Nothing is retained any more: the device was deleted. */
function isUnknown({ desired, reported, presence }: DeviceFacts): boolean {
  return desired === null && reported === null && presence === null;
}

function without(facts: FleetFacts, device: string): FleetFacts {
  const devices = new Map(facts.devices);
  devices.delete(device);
  return { devices };
}

function unheard(name: string): DeviceFacts {
  return {
    name,
    desired: null,
    reported: null,
    presence: null,
    stats: null,
    history: new Map(),
    events: [],
  };
}
