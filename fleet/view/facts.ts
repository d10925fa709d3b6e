import type { Payload, Presence, Reported, Stats } from "../contract/index.ts";
import type { ShownDesired } from "../deploy/index.ts";
import { type DevicePast, type HeardEvent, type HeardEvents, HUB, withEvent } from "./past.ts";
import { type History, withStats } from "./plan/history.ts";

/** A message and when it came, by our clock that nobody sets; null when it was retained, so that its arrival says nothing. */
export interface Heard<Message> {
  message: Message;
  atMs: number | null;
}

export interface DeviceFacts {
  name: string;
  desired: Heard<ShownDesired> | null;
  reported: Heard<Reported> | null;
  presence: Heard<Presence> | null;
  stats: Heard<Stats> | null;
  /** The last seconds of each pipeline's figures. */
  history: History;
  /** Of the time before now; null when nobody asked for it. */
  past: DevicePast | null;
}

/** Everything that was heard of a fleet: the last word of each device on each channel. */
export interface FleetFacts {
  devices: ReadonlyMap<string, DeviceFacts>;
  /** Also of devices that are not in the fleet any more. */
  events: HeardEvents;
}

export type FleetMessage =
  /** The hub knows the device, whether or not anything was heard of it. */
  | { type: "device"; device: string }
  | { type: "desired"; device: string; message: ShownDesired; atMs: number | null }
  | { type: "reported"; device: string; message: Payload<"reported">; atMs: number | null }
  | { type: "presence"; device: string; message: Presence; atMs: number | null }
  | { type: "stats"; device: string; message: Stats; atMs: number }
  | { type: "past"; device: string; message: DevicePast }
  /** null: of the hub itself. */
  | { type: "event"; device: string | null; message: HeardEvent }
  /** What was retained on the channel is gone. */
  | { type: "removed"; device: string; channel: "desired" | "reported" | "presence" };

export const NOTHING_HEARD: FleetFacts = { devices: new Map(), events: new Map() };

export function reduce(facts: FleetFacts, message: FleetMessage): FleetFacts {
  if (message.type === "event") {
    const events = withEvent(facts.events, message.device ?? HUB, message.message);
    return events === facts.events ? facts : { ...facts, events };
  }
  // Whoever is in the history is not therefore in the fleet.
  if (message.type === "past" && !facts.devices.has(message.device)) return facts;
  const before = facts.devices.get(message.device) ?? unheard(message.device);
  const after = apply(before, message);
  if (message.type === "removed" && isUnknown(after)) return without(facts, message.device);
  if (after === before && facts.devices.has(message.device)) return facts;
  return { ...facts, devices: new Map(facts.devices).set(message.device, after) };
}

function apply(device: DeviceFacts, heard: Exclude<FleetMessage, { type: "event" }>): DeviceFacts {
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
    case "past":
      return { ...device, past: heard.message };
    case "removed":
      return { ...device, [heard.channel]: null };
  }
}

function withFigures(device: DeviceFacts, message: Stats, atMs: number): DeviceFacts {
  const history = withStats(device.history, message, device.reported?.message, atMs);
  return { ...device, stats: { message, atMs }, history };
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
  return { ...facts, devices };
}

function unheard(name: string): DeviceFacts {
  return {
    name,
    desired: null,
    reported: null,
    presence: null,
    stats: null,
    history: new Map(),
    past: null,
  };
}
