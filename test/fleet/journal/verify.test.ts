import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalHead } from "../../../fleet/contract/index.ts";
import { type Entry, JournalVerifier } from "../../../fleet/journal/index.ts";
import { append, CHAIN, chainOf, declare, headOf, rangeOf, signed } from "./made.ts";

function verify(entries: readonly Entry[], head: JournalHead | null) {
  const verifier = new JournalVerifier();
  for (const entry of entries) verifier.add(entry);
  return verifier.finish(head && signed(head));
}

const kinds = (entries: readonly Entry[], head: JournalHead | null) =>
  verify(entries, head).findings.map(({ kind }) => kind);

/** A chain of 3 to 12 events and the place of one that has a neighbour on either side. */
const chainAndPlace = fc
  .array(fc.string({ maxLength: 30 }), { minLength: 2, maxLength: 11 })
  .map((messages) => chainOf(messages))
  .chain((made) => fc.record({ made: fc.constant(made), at: fc.nat(made.length - 1) }));

describe("a copy of a journal", () => {
  it("is whole when every event is there, and says how far it goes", () => {
    const made = chainOf(["a", "b"]);
    expect(verify(made, headOf(made))).toEqual({
      whole: true,
      events: 3,
      duplicates: 0,
      chains: [{ chain: CHAIN, firstSeq: 1, lastSeq: 3, events: 3 }],
      findings: [],
    });
  });

  it("is broken by the removal of any event", () => {
    fc.assert(
      fc.property(chainAndPlace, ({ made, at }) => {
        const seq = at + 1;
        expect(verify(made.toSpliced(at, 1), headOf(made))).toMatchObject({
          whole: false,
          findings: [{ kind: "removed", firstSeq: seq, lastSeq: seq, count: 1 }],
        });
      }),
    );
  });

  it("is broken by the removal of any stretch of events", () => {
    fc.assert(
      fc.property(chainAndPlace, fc.integer({ min: 1, max: 20 }), ({ made, at }, count) => {
        expect(verify(made.toSpliced(at, count), headOf(made)).whole).toBe(false);
      }),
    );
  });

  it("is broken by any change of one character of any event's text", () => {
    fc.assert(
      fc.property(chainAndPlace, fc.nat(), fc.string({ minLength: 1 }), (place, where, other) => {
        const { made, at } = place;
        const one = made[at]!;
        const cut = where % one.text.length;
        const text = one.text.slice(0, cut) + other.charAt(0) + one.text.slice(cut + 1);
        fc.pre(text !== one.text);
        expect(verify(made.with(at, { ...one, text }), headOf(made)).whole).toBe(false);
      }),
    );
  });

  it("names the altered event", () => {
    const made = chainOf(["a", "b", "c"]);
    const one = made[1]!;
    const altered = made.with(1, { ...one, text: one.text.replace('"a"', '"z"') });
    expect(verify(altered, headOf(made)).findings).toEqual([
      { kind: "altered", chain: CHAIN, seq: 2, by: "event 3" },
    ]);
    const noEvent = made.with(1, { ...one, text: "{" });
    expect(verify(noEvent, headOf(made)).findings).toEqual([
      expect.objectContaining({ kind: "altered", seq: 2 }),
    ]);
  });

  it("finds the newest event altered by the device's own head", () => {
    const made = chainOf(["a"]);
    const last = made[1]!;
    const altered = made.with(1, { ...last, text: last.text.replace('"a"', '"z"') });
    expect(verify(altered, headOf(made)).findings).toEqual([
      { kind: "altered", chain: CHAIN, seq: 2, by: "the device's own head" },
    ]);
  });

  it("is broken by any two events that change places", () => {
    fc.assert(
      fc.property(chainAndPlace, fc.nat(), ({ made, at }, other) => {
        const to = other % made.length;
        fc.pre(at !== to);
        const swapped = made.with(at, made[to]!).with(to, made[at]!);
        const { whole, findings } = verify(swapped, headOf(made));
        expect(whole).toBe(false);
        expect(findings.every(({ kind }) => kind === "reordered")).toBe(true);
      }),
    );
  });

  it("is broken by two events of one number", () => {
    const made = chainOf(["a", "b"]);
    const fork = chainOf(["other"])[1]!;
    expect(kinds([...made, fork], headOf(made))).toEqual(["forked"]);
  });

  it("is whole with an event delivered twice", () => {
    const made = chainOf(["a", "b"]);
    expect(verify([...made, made[1]!], headOf(made))).toMatchObject({ whole: true, duplicates: 1 });
  });

  it("cannot be made good by writing every later event anew: the device's head differs", () => {
    const made = chainOf(["a", "b", "c"]);
    const forged = chainOf(["a", "z", "c"]);
    expect(verify(forged, headOf(made)).whole).toBe(false);
  });
});

describe("a gap", () => {
  it("is told apart from a removal by the device's own declaration", () => {
    const made = chainOf(["a", "b", "c", "d"]);
    declare(made, rangeOf(made, 3, 4));
    const left = made.filter(({ seq }) => seq !== 3 && seq !== 4);
    expect(verify(left, headOf(made))).toMatchObject({
      whole: true,
      findings: [{ kind: "gap", firstSeq: 3, lastSeq: 4, count: 2 }],
    });
    expect(kinds(left.slice(0, -1), { ...headOf(made), settledSeq: 5 })).toContain("removed");
  });

  it("is believed while its declaration is still on the device", () => {
    const made = chainOf(["a", "b", "c", "d"]);
    const dropped = [rangeOf(made, 2, 3)];
    const left = made.filter(({ seq }) => seq !== 2 && seq !== 3);
    declare(made, ...dropped);
    const verdict = verify(left, { ...headOf(made, 5), dropped });
    expect(verdict.whole).toBe(true);
    expect(verdict.findings.map(({ kind }) => kind)).toEqual(["gap", "behind"]);
  });

  it("hides no removal: not beside it, not within a joined range", () => {
    const made = chainOf(["a", "b", "c", "d", "e"]);
    declare(made, { ...rangeOf(made, 2, 5), count: 2 });
    const left = made.filter(({ seq }) => seq < 2 || seq > 4);
    expect(verify(left, headOf(made)).findings).toEqual([
      { kind: "gap", chain: CHAIN, firstSeq: 2, lastSeq: 5, count: 2 },
      { kind: "removed", chain: CHAIN, firstSeq: 2, lastSeq: 5, count: 1 },
    ]);
  });

  it("still holds the event before it to its text", () => {
    const made = chainOf(["a", "b", "c"]);
    declare(made, rangeOf(made, 3, 3));
    const left = made
      .filter(({ seq }) => seq !== 3)
      .map((one) => ({ ...one, text: one.text.replace('"a"', '"z"') }));
    expect(verify(left, headOf(made)).findings).toContainEqual({
      kind: "altered",
      chain: CHAIN,
      seq: 2,
      by: "the gap declared after it",
    });
  });
});

describe("the ends of a copy", () => {
  it("may be behind the device, for what was not acknowledged", () => {
    const made = chainOf(["a", "b", "c"]);
    expect(verify(made.slice(0, 2), headOf(made, 2))).toMatchObject({
      whole: true,
      findings: [{ kind: "behind", count: 2 }],
    });
  });

  it("may be ahead of the head that was last reported", () => {
    const made = chainOf(["a", "b", "c"]);
    expect(verify(made, headOf(made.slice(0, 2)))).toMatchObject({ whole: true, findings: [] });
  });

  it("may begin where an anchor says so, and no later", () => {
    const made = chainOf(["a", "b", "c"]);
    const anchor = { seq: 2, hash: rangeOf(made, 3, 3).previous, reason: "bound" } as const;
    const of = (entries: readonly Entry[], hash: string | null) => {
      const verifier = new JournalVerifier([{ chain: CHAIN, anchor: { ...anchor, hash } }]);
      for (const entry of entries) verifier.add(entry);
      return verifier.finish(signed(headOf(made)));
    };
    expect(of(made.slice(2), anchor.hash)).toMatchObject({
      whole: true,
      findings: [{ kind: "begins", seq: 2, reason: "bound" }],
    });
    expect(of(made.slice(3), anchor.hash).whole).toBe(false);
    expect(of(made.slice(2), "0".repeat(64)).whole).toBe(false);
  });

  it("tell a restarted chain, whose device says why", () => {
    const first = chainOf(["a"]);
    const second: typeof first = [];
    const chain = "00000000000000bb";
    append(second, { kind: "journal-started", message: "", data: { reason: "lost" } }, chain);
    expect(verify([...first, ...second], headOf(second))).toMatchObject({
      whole: true,
      findings: [{ kind: "restarted", chain, reason: "lost" }],
    });
    expect(kinds(first, headOf(second))).toEqual(["absent"]);
  });

  it("are said to be unknown where the device reports no head", () => {
    expect(kinds(chainOf(["a"]), null)).toEqual(["no-head"]);
  });
});

it("takes hostile texts for what they are", () => {
  const texts = ["", "null", "[]", '{"seq":1e309}', `{"seq":1,"x":"${"y".repeat(20_000)}"}`];
  const entries = texts.map((text, at) => ({ chain: CHAIN, seq: at + 1, text }));
  expect(kinds(entries, null)).toEqual([...texts.map(() => "altered"), "no-head"]);
});
