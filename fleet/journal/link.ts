import { createHash } from "node:crypto";
import {
  type DroppedRange,
  FleetEvent,
  JOURNAL_DROPPED,
  JOURNAL_STARTED,
  JournalDroppedData,
  JournalStartedData,
  MAX_EVENT_BYTES,
} from "../contract/index.ts";

/** What the chain needs to know of one event. */
export interface Link {
  /** null: of an older agent, whose events are one chain without a name. */
  chain: string | null;
  seq: number;
  previous: string | null;
  hash: string;
  /** Why the chain begins with this event; null when it does not. */
  started: JournalStartedData["reason"] | null;
  /** What the device says it has dropped. */
  dropped: readonly DroppedRange[];
}

/** SHA-256 of an event's exact text, hexadecimal. */
export function hashOfText(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** An event and its place in the chain; null for a text that is not an event of the contract. */
export function readEvent(text: string): { event: FleetEvent; link: Link } | null {
  if (Buffer.byteLength(text) > MAX_EVENT_BYTES) return null;
  const parsed = FleetEvent.safeParse(tryParse(text));
  if (!parsed.success) return null;
  const event = parsed.data;
  const link: Link = {
    chain: event.chain ?? null,
    seq: event.seq,
    previous: event.previous,
    hash: hashOfText(text),
    started: startedBy(event),
    dropped: droppedBy(event),
  };
  return { event, link };
}

function startedBy({ kind, seq, data }: FleetEvent): Link["started"] {
  if (kind !== JOURNAL_STARTED || seq !== 1) return null;
  return JournalStartedData.safeParse(data ?? {}).data?.reason ?? "new";
}

function droppedBy({ kind, data }: FleetEvent): readonly DroppedRange[] {
  if (kind !== JOURNAL_DROPPED) return [];
  return JournalDroppedData.safeParse(data).data?.ranges ?? [];
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
