import { type FleetEvent, type JournalHead, MAX_EVENT_BYTES } from "../../contract/index.ts";
import {
  arrive,
  type Break,
  broken,
  type ChainState,
  type Link,
  undeclared,
} from "../../journal/index.ts";
import type { HubEvent } from "../history-info.ts";
import type { NewKeptEvent, StoredChain } from "./history-store.ts";

/** Clocks of devices are believed between these: not before the product, not after the arrival. */
const EARLIEST_MS = Date.UTC(2024, 0, 1);
const AHEAD_MS = 60_000;

export interface Arrived {
  events: NewKeptEvent[];
  chain: StoredChain | null;
}

/** What an event that arrives means for its chain, as what is to be kept of it. Pure. */
export function arrived(
  at: { device: string; text: string; nowMs: number },
  state: ChainState | null,
  known: { link: Link; event: FleetEvent; hash: string | null },
): Arrived {
  const { device, text, nowMs } = at;
  const { link, event } = known;
  const after = arrive(state, link, known.hash);
  if (after.arrival.kind === "duplicate") return { events: [], chain: null };
  const kept: NewKeptEvent = {
    device,
    source: "device",
    kind: event.kind,
    pipeline: event.pipeline ?? null,
    place: { chain: link.chain ?? "", seq: link.seq, hash: link.hash },
    timeMs: believable(event.atMs, nowMs) ? event.atMs : nowMs,
    receivedAtMs: nowMs,
    text,
  };
  const noted =
    after.arrival.kind === "broken"
      ? noteOfBreak(device, after.state, after.arrival.as, link.seq, nowMs)
      : after.arrival.kind === "unseen"
        ? [note(device, nowMs, joined(link))]
        : [];
  return { events: [kept, ...noted], chain: { device, state: after.state } };
}

/** Holes that the device, which has nothing older left to send, does not declare. */
export function headReported(
  device: string,
  state: ChainState,
  head: JournalHead,
  nowMs: number,
): { events: NewKeptEvent[]; chain: StoredChain } | null {
  const settled = state.missing.filter(({ lastSeq }) => lastSeq <= head.settledSeq);
  const lost = undeclared(settled, [...state.declared, ...(head.dropped ?? [])]);
  const [first] = lost;
  if (!first) return null;
  const missing = state.missing.filter((range) => !settled.includes(range));
  const after = broken({ ...state, missing }, "removed").state;
  return {
    events: noteOfBreak(device, after, "removed", first.firstSeq, nowMs),
    chain: { device, state: after },
  };
}

/** Of each way in which a chain breaks the first is told; the chain's account counts the others. */
function noteOfBreak(
  device: string,
  state: ChainState,
  as: Break,
  seq: number,
  nowMs: number,
): NewKeptEvent[] {
  if ((state.breaks[as] ?? 0) > 1) return [];
  const message = `The chain of events is broken at number ${seq}: ${BREAKS[as]}`;
  return [
    note(device, nowMs, {
      kind: "journal-broken",
      message,
      data: { chain: state.chain, seq, as },
    }),
  ];
}

const BREAKS: Record<Break, string> = {
  removed: "events are missing that the device does not declare as dropped",
  altered: "it does not follow the text of the event before it",
  reordered: "it came behind a younger one",
  forked: "another event of this number is here already",
};

const joined = ({ chain, seq }: Link): HubEvent => ({
  kind: "journal-joined",
  message: `The history of this device begins with its event ${seq}`,
  data: { chain, seq },
});

/** Something that the hub itself has to say of a device, or of itself. */
export function note(device: string | null, nowMs: number, event: HubEvent): NewKeptEvent {
  const { kind, pipeline = null } = event;
  const times = { timeMs: nowMs, receivedAtMs: nowMs };
  const text = JSON.stringify(event);
  return { device, source: "hub", kind, pipeline, place: null, ...times, text };
}

/** What was received instead of an event, as far as it can be told. */
export function unreadable(device: string, payload: Uint8Array, nowMs: number): NewKeptEvent {
  return note(device, nowMs, {
    kind: "event-unreadable",
    message: `Expected an event of at most ${MAX_EVENT_BYTES} bytes but got ${payload.length} bytes of something else`,
  });
}

function believable(atMs: number, nowMs: number): boolean {
  return atMs >= EARLIEST_MS && atMs <= nowMs + AHEAD_MS;
}
