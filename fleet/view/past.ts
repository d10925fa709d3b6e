import { z } from "zod";
import { EpochMs, Name } from "../spec/index.ts";

/** What happened, as the hub keeps it. */
export interface HeardEvent {
  /** Order of arrival at the hub. */
  id: number;
  atMs: number;
  kind: string;
  message: string;
  pipeline?: string;
  data?: Record<string, unknown>;
}

/** By device, newest first; those of the hub itself under HUB. */
export type HeardEvents = ReadonlyMap<string, readonly HeardEvent[]>;

export const HUB = "";
const MAX_EVENTS = 200;

/** Each once, in the order of the hub, however they come. */
export function withEvent(events: HeardEvents, device: string, event: HeardEvent): HeardEvents {
  const known = events.get(device) ?? [];
  if (known.some(({ id }) => id === event.id)) return events;
  const behind = known.findIndex(({ id }) => id < event.id);
  const next = known.toSpliced(behind < 0 ? known.length : behind, 0, event);
  return new Map(events).set(device, next.slice(0, MAX_EVENTS));
}

const series = z.array(z.number().nullable());

/** Figures of the time before now, in steps; null where there were none. */
export const DevicePast = z.object({
  sinceMs: EpochMs,
  stepMs: z.number().int().positive(),
  pipelines: z.record(Name, z.object({ fps: series, latencyP95Ms: series })),
});
export type DevicePast = z.infer<typeof DevicePast>;
