import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  DROP_AT_ONCE,
  EventJournal,
  MAX_QUEUED_EVENTS,
} from "../../../agent/report/event-journal.ts";
import {
  FleetEvent,
  JournalDroppedData,
  JournalHead,
  MAX_EVENT_BYTES,
} from "../../../fleet/contract/index.ts";
import { type Entry, JournalVerifier } from "../../../fleet/journal/index.ts";
import { signed } from "../../fleet/journal/made.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-journal-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const events = (): string => join(folder, "events");

async function open(): Promise<EventJournal> {
  const journal = new EventJournal(folder);
  await journal.open();
  return journal;
}

function add(journal: EventJournal, message: string): Promise<FleetEvent> {
  return journal.append({ kind: "test", message }, 1);
}

/** Sends up to `count` events to a receiver that acknowledges each. */
async function deliver(journal: EventJournal, received: Entry[], count = Infinity): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    const event = await journal.first();
    if (event === null) return;
    const { chain = null } = FleetEvent.parse(JSON.parse(event.text));
    received.push({ chain, ...event });
    await journal.acknowledge(event.seq);
  }
}

function verify(received: readonly Entry[], journal: EventJournal) {
  const verifier = new JournalVerifier();
  for (const entry of received) verifier.add(entry);
  return verifier.finish(signed(JournalHead.parse(journal.head)));
}

describe("the event journal", () => {
  it("gives events out in order, each until it is acknowledged", async () => {
    const journal = await open();
    await add(journal, "a");
    expect(JSON.parse((await journal.first())?.text ?? "")).toMatchObject({
      kind: "journal-started",
      seq: 1,
      previous: null,
      data: { reason: "new" },
    });
    expect((await journal.first())?.seq).toBe(1);
    await journal.acknowledge(1);
    expect((await journal.first())?.seq).toBe(2);
    await journal.acknowledge(2);
    expect(await journal.first()).toBeNull();
  });

  it("keeps what was not acknowledged, and goes on counting, in the next life", async () => {
    const received: Entry[] = [];
    const first = await open();
    await Promise.all([add(first, "a"), add(first, "b")]);
    await deliver(first, received, 2);
    const second = await open();
    expect((await second.first())?.seq).toBe(3);
    await deliver(second, received);
    const third = await open();
    expect(await third.first()).toBeNull();
    expect((await add(third, "c")).seq).toBe(4);
    await deliver(third, received);
    expect(verify(received, third)).toMatchObject({ whole: true, events: 4, findings: [] });
  });

  it("ignores an acknowledgement of another event", async () => {
    const journal = await open();
    await journal.acknowledge(7);
    expect((await journal.first())?.seq).toBe(1);
  });

  it("reports the end of its chain and how much of it was acknowledged", async () => {
    const journal = await open();
    await add(journal, "a");
    expect(journal.head).toMatchObject({ seq: 2, settledSeq: 0 });
    await journal.acknowledge(1);
    expect(journal.head).toMatchObject({ seq: 2, settledSeq: 1 });
    await journal.acknowledge(2);
    expect(journal.head).toMatchObject({ seq: 2, settledSeq: 2 });
  });

  it("leaves out data that would make an event too long, and says so", async () => {
    const journal = await open();
    await journal.append({ kind: "test", message: "m", data: { x: "y".repeat(MAX_EVENT_BYTES) } });
    await journal.acknowledge(1);
    const text = (await journal.first())?.text ?? "";
    expect(text.length).toBeLessThan(300);
    expect(JSON.parse(text)).toMatchObject({
      message: "m",
      data: { leftOutBytes: expect.any(Number) },
    });
  });
});

describe("what is dropped", () => {
  it("is declared by the chain when the queue was full, over any losses of connection", async () => {
    const received: Entry[] = [];
    const journal = await open();
    await deliver(journal, received);
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < MAX_QUEUED_EVENTS; at += 1) await add(journal, String(at));
      await deliver(journal, received, 30);
      expect(verify(received, journal).whole).toBe(true);
    }
    expect(journal.size).toBeLessThanOrEqual(MAX_QUEUED_EVENTS + 1);
    expect(readdirSync(events()).length).toBeLessThanOrEqual(MAX_QUEUED_EVENTS + 2);
    await deliver(journal, received);
    const verdict = verify(received, journal);
    expect(verdict.whole).toBe(true);
    expect(verdict.findings.every(({ kind }) => kind === "gap")).toBe(true);
    const dropped = journal.head!.seq - received.length;
    expect(dropped).toBeGreaterThanOrEqual(2 * MAX_QUEUED_EVENTS - 60);
    expect(journal.head!.dropped).toBeUndefined();
    // Some thousand files, each flushed to the disk.
  }, 120_000);

  it("is declared after a power cut between the noting and the declaration", async () => {
    const received: Entry[] = [];
    const journal = await open();
    for (let at = 0; at < MAX_QUEUED_EVENTS; at += 1) await add(journal, String(at));
    const declaration = `${String(MAX_QUEUED_EVENTS + 2).padStart(12, "0")}.json`;
    rmSync(join(events(), declaration));
    const again = await open();
    await deliver(again, received);
    expect(verify(received, again)).toMatchObject({
      whole: true,
      findings: [{ kind: "gap", firstSeq: 1, lastSeq: DROP_AT_ONCE, count: DROP_AT_ONCE }],
    });
  });

  it("is declared where an event's file is spoilt, and the others still leave", async () => {
    const received: Entry[] = [];
    const journal = await open();
    for (const message of ["a", "b", "c"]) await add(journal, message);
    writeFileSync(join(events(), "000000000003.json"), "{");
    const again = await open();
    await deliver(again, received);
    expect(verify(received, again)).toMatchObject({
      whole: true,
      findings: [{ kind: "gap", firstSeq: 3, lastSeq: 3, count: 1 }],
    });
    expect(again.head!.dropped).toBeUndefined();
  });

  it("is counted where an event could not even be written", async () => {
    const received: Entry[] = [];
    const journal = await open();
    // A folder in the file's place: no event can be written there.
    mkdirSync(join(events(), ".000000000002.json.tmp"));
    await expect(add(journal, "a")).rejects.toThrow();
    rmSync(join(events(), ".000000000002.json.tmp"), { recursive: true });
    await add(journal, "b");
    await deliver(journal, received);
    const { data } = FleetEvent.parse(JSON.parse(received.at(-1)?.text ?? ""));
    expect(JournalDroppedData.parse(data)).toEqual({ ranges: [], unwritten: 1 });
    expect(verify(received, journal)).toMatchObject({ whole: true, findings: [] });
  });
});

describe("a journal that cannot go on", () => {
  it("begins another chain where its end is spoilt, and says so", async () => {
    const received: Entry[] = [];
    const journal = await open();
    await deliver(journal, received);
    writeFileSync(join(events(), "head.json"), "{");
    const again = await open();
    expect(again.head!.chain).not.toBe(journal.head!.chain);
    await deliver(again, received);
    expect(verify(received, again)).toMatchObject({
      whole: true,
      findings: [{ kind: "restarted", reason: "lost" }],
    });
  });

  it("begins a named one after that of an older agent, whose events still leave first", async () => {
    mkdirSync(events());
    const old = { seq: 41, atMs: 1, kind: "test", message: "old", previous: null };
    writeFileSync(join(events(), "000000000041.json"), JSON.stringify(old));
    writeFileSync(join(events(), "head.json"), JSON.stringify({ seq: 41, hash: "ab" }));
    const received: Entry[] = [];
    const journal = await open();
    await deliver(journal, received);
    expect(received.map(({ chain, seq }) => [chain, seq])).toEqual([
      [null, 41],
      [journal.head!.chain, 1],
    ]);
    expect(received[1]?.text).toContain('"upgraded"');
  });
});

it("neither loses nor repeats an event in whatever moment it dies", async () => {
  const steps = fc.array(fc.constantFrom("append", "send", "unheard", "die"), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      rmSync(events(), { recursive: true, force: true });
      const received: Entry[] = [];
      let journal = await open();
      for (const step of todo) {
        if (step === "append") await add(journal, "x");
        else if (step === "send") await deliver(journal, received, 1);
        else if (step === "unheard") {
          const event = await journal.first();
          if (event) received.push({ chain: journal.head!.chain, ...event });
        } else journal = await open();
        expect(verify(received, journal)).toMatchObject({ whole: true });
      }
      await deliver(journal, received);
      expect(verify(received, journal).findings).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
