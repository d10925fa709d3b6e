import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Arrival,
  arrive,
  type ChainState,
  hashOfText,
  readEvent,
  undeclared,
} from "../../../fleet/journal/index.ts";
import { chainOf, declare, type MadeEvent, rangeOf } from "./made.ts";

/** As a receiver does that keeps every text it has not seen. */
function deliver(made: readonly MadeEvent[]): { state: ChainState; arrivals: Arrival[] } {
  let state: ChainState | null = null;
  const known = new Map<number, string>();
  const arrivals: Arrival[] = [];
  for (const { text } of made) {
    const { link } = readEvent(text)!;
    const after = arrive(state, link, known.get(link.seq) ?? null);
    if (!known.has(link.seq)) known.set(link.seq, hashOfText(text));
    state = after.state;
    arrivals.push(after.arrival);
  }
  if (!state) throw new Error("nothing was delivered");
  return { state, arrivals };
}

const spelled = (arrival: Arrival): string =>
  arrival.kind === "broken" ? arrival.as : arrival.kind;

const made = chainOf(["a", "b", "c", "d"]);
const [e1, e2, e3, e4, e5] = made as [MadeEvent, MadeEvent, MadeEvent, MadeEvent, MadeEvent];
const other2 = chainOf(["other"])[1]!;

describe("an event that arrives", () => {
  it.each<[string, MadeEvent[], string[]]>([
    ["follows the one before", [e1, e2, e3], ["started", "next", "next"]],
    ["comes twice", [e1, e2, e2, e1], ["started", "next", "duplicate", "duplicate"]],
    ["begins in the middle", [e3, e4], ["unseen", "next"]],
    ["is older than the beginning", [e3, e2], ["unseen", "duplicate"]],
    ["leaves others out", [e1, e4], ["started", "skipped"]],
    ["comes late", [e1, e3, e2], ["started", "skipped", "reordered"]],
    ["has the number of another", [e1, e2, other2], ["started", "next", "forked"]],
    ["follows a text that we do not have", [e1, other2, e3], ["started", "next", "altered"]],
  ])("%s", (_, delivered, expected) => {
    expect(deliver(delivered).arrivals.map(spelled)).toEqual(expected);
  });

  it("is waited for until the device declares that it was dropped", () => {
    const whole = chainOf(["a", "b", "c"]);
    declare(whole, rangeOf(whole, 2, 3));
    const holes = deliver(whole.filter(({ seq }) => seq !== 2 && seq !== 3));
    expect(holes.state.missing).toEqual([{ firstSeq: 2, lastSeq: 3 }]);
    expect(undeclared(holes.state.missing, holes.state.declared)).toEqual([]);
    const without = deliver([e1, e5]).state;
    expect(undeclared(without.missing, without.declared)).toEqual([
      { firstSeq: 2, lastSeq: 4, count: 3 },
    ]);
  });
});

it("a whole chain delivered with any repetitions is never called broken", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 12 }), (again) => {
      const sent: MadeEvent[] = [];
      for (const [at, event] of made.entries()) {
        sent.push(event, ...again.filter((seq) => seq <= at).map((seq) => made[seq]!));
      }
      const { state } = deliver(sent);
      expect(state).toMatchObject({ breaks: {}, missing: [], last: { seq: made.length } });
    }),
  );
});
