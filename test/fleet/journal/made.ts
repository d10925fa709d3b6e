import type { DroppedRange, JournalHead } from "../../../fleet/contract/index.ts";
import { type HeadWord, hashOfText } from "../../../fleet/journal/index.ts";

export const CHAIN = "00000000000000aa";

export interface MadeEvent {
  chain: string;
  seq: number;
  text: string;
}

/** A whole chain as a device writes it: the start, and then events of these messages. */
export function chainOf(messages: readonly string[], chain = CHAIN): MadeEvent[] {
  const made: MadeEvent[] = [];
  append(made, { kind: "journal-started", message: "start", data: { reason: "new" } }, chain);
  for (const message of messages) append(made, { kind: "test", message }, chain);
  return made;
}

export function append(made: MadeEvent[], event: object, chain = CHAIN): void {
  const last = made.at(-1);
  const seq = (last?.seq ?? 0) + 1;
  const previous = last ? hashOfText(last.text) : null;
  made.push({ chain, seq, text: JSON.stringify({ ...event, chain, seq, atMs: seq, previous }) });
}

export function declare(made: MadeEvent[], ...ranges: DroppedRange[]): void {
  append(made, { kind: "journal-dropped", message: "dropped", data: { ranges, unwritten: 0 } });
}

/** Events `firstSeq` to `lastSeq` of a chain as what was dropped. */
export function rangeOf(made: readonly MadeEvent[], firstSeq: number, lastSeq: number) {
  const before = made.find(({ seq }) => seq === firstSeq - 1);
  const previous = before ? hashOfText(before.text) : null;
  return { firstSeq, lastSeq, count: lastSeq - firstSeq + 1, previous };
}

export function headOf(made: readonly MadeEvent[], settledSeq?: number): JournalHead {
  const last = made.at(-1);
  if (!last) throw new Error("a chain has a first event");
  const { chain, seq, text } = last;
  return { chain, seq, hash: hashOfText(text), settledSeq: settledSeq ?? seq };
}

/** The head as its device's own word, which is what most tests of chains start from. */
export function signed(head: JournalHead): { head: JournalHead; word: HeadWord } {
  return { head, word: { kind: "signed", keyId: "0123456789abcdef" } };
}
