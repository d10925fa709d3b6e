import type { DroppedRange } from "../contract/index.ts";
import { type SeqRange, subtract, withDropped } from "./dropped.ts";
import type { Link } from "./link.ts";

/** Where a copy of a chain begins: behind this event. */
export interface Anchor {
  seq: number;
  hash: string | null;
  /** `start`: with the chain itself; `unseen`: the copy was begun later; `bound`: older events were let go. */
  reason: "start" | "unseen" | "bound";
}

export type Break = "removed" | "altered" | "reordered" | "forked";

/** What is known of one chain of a device while its events arrive. */
export interface ChainState {
  chain: string | null;
  anchor: Anchor;
  /** The event with the highest number. */
  last: { seq: number; hash: string };
  missing: readonly SeqRange[];
  declared: readonly DroppedRange[];
  /** How often each was found. */
  breaks: Readonly<Partial<Record<Break, number>>>;
}

export type Arrival =
  | { kind: "started" | "unseen" | "next" | "skipped" }
  /** Known already (QoS 1 delivers again), or older than what is kept. */
  | { kind: "duplicate" }
  | { kind: "broken"; as: Break };

/** A device that leaves more holes than this is not waited for. */
const MAX_MISSING = 256;

/**
 * One more event of a chain, in the order of arrival. `knownHash` is that of an event of the same number.
 *
 *     state  event                              →  arrival
 *     none   first of its chain                    started
 *     none   any other                             unseen: the copy begins in the middle
 *     known  same number, same text                duplicate
 *     known  same number, other text               broken: forked
 *     known  next number, follows the last         next
 *     known  next number, does not follow it       broken: altered
 *     known  later number                          skipped: numbers are missing until they are declared
 *     known  number before the copy's beginning    duplicate
 *     known  earlier number that was missing       broken: reordered
 */
export function arrive(
  state: ChainState | null,
  link: Link,
  knownHash: string | null,
): { state: ChainState; arrival: Arrival } {
  if (state === null) return begin(link);
  if (knownHash === link.hash) return { state, arrival: { kind: "duplicate" } };
  if (knownHash !== null) return broken(state, "forked");
  if (link.seq <= state.anchor.seq) return { state, arrival: { kind: "duplicate" } };
  const declared = link.dropped.reduce<readonly DroppedRange[]>(
    (all, one) => withDropped(all, one),
    state.declared,
  );
  const { last } = state;
  if (link.seq <= last.seq) {
    const missing = subtract(state.missing, { firstSeq: link.seq, lastSeq: link.seq });
    return broken({ ...state, declared, missing }, "reordered");
  }
  const next = { ...state, declared, last: { seq: link.seq, hash: link.hash } };
  if (link.seq === last.seq + 1) {
    if (link.previous !== last.hash) return broken(next, "altered");
    return { state: next, arrival: { kind: "next" } };
  }
  if (state.missing.length >= MAX_MISSING) return broken(next, "removed");
  const hole = { firstSeq: last.seq + 1, lastSeq: link.seq - 1 };
  return {
    state: { ...next, missing: [...state.missing, hole] },
    arrival: { kind: "skipped" },
  };
}

function begin(link: Link): { state: ChainState; arrival: Arrival } {
  const { chain, seq, hash, previous, dropped, started } = link;
  const atStart = started !== null || (chain === null && seq === 1);
  const anchor: Anchor = atStart
    ? { seq: 0, hash: null, reason: "start" }
    : { seq: seq - 1, hash: previous, reason: "unseen" };
  return {
    state: { chain, anchor, last: { seq, hash }, missing: [], declared: dropped, breaks: {} },
    arrival: { kind: atStart ? "started" : "unseen" },
  };
}

/** The chain with one break more on its account. */
export function broken(state: ChainState, as: Break): { state: ChainState; arrival: Arrival } {
  const breaks = { ...state.breaks, [as]: (state.breaks[as] ?? 0) + 1 };
  return { state: { ...state, breaks }, arrival: { kind: "broken", as } };
}

/** The chain after the copy has let all up to this event go. */
export function beginningBehind(state: ChainState, seq: number, hash: string): ChainState {
  if (seq <= state.anchor.seq) return state;
  const missing = subtract(state.missing, { firstSeq: 1, lastSeq: seq });
  const declared = state.declared.filter(({ lastSeq }) => lastSeq > seq);
  return { ...state, anchor: { seq, hash, reason: "bound" }, missing, declared };
}
