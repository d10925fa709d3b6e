import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { openDisk } from "../../agent/disk.ts";
import { EventJournal } from "../../agent/report/event-journal.ts";
import { PresenceCounter } from "../../agent/report/presence.ts";
import { StateStore } from "../../agent/update/state-store.ts";
import { type Entry, JournalVerifier, readEvent } from "../../fleet/journal/index.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { signed } from "../fleet/journal/made.ts";
import { everyFault, refusingReads } from "../fleet/support/faulty-disk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-disk-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file or folder of that name that nothing can be read from, whoever asks. */
function spoil(name: string): void {
  const path = join(folder, name);
  const asFolder = name.endsWith(".json");
  rmSync(path, { recursive: true, force: true });
  if (asFolder) mkdirSync(path, { recursive: true });
  else writeFileSync(path, "");
}

/** The disk refuses to give this file out. */
const refusing = (name: string): FileLayer => refusingReads((path) => path.endsWith(name));

const PLACES = ["state.json", "presence.json", "events", "events/head.json", "objects"];

describe("an agent's disk", () => {
  it("has nothing to say when all is well, in the first life and in the next", async () => {
    for (const life of ["one", "two"]) {
      const { notices, journal } = await openDisk(folder, life);
      expect(notices).toEqual([]);
      await journal.append({ kind: "test", message: life });
    }
  });

  it.each(PLACES)("opens where %s is not what it should be, and goes on", async (name) => {
    await openDisk(folder, "one");
    spoil(name);
    const disk = await openDisk(folder, "two");
    await disk.presence.next().catch(() => undefined);
    expect(disk.presence.presence(true).seq).toBeGreaterThan(0);
    expect(disk.store.current.pipelines).toEqual({});
    const begins = disk.journal.head !== null && disk.journal.size > 0;
    expect(disk.notices.length > 0 || begins).toBe(true);
  });

  it.each(["state.json", "presence.json", "events"])(
    "opens where the disk does not give %s out, and says so",
    async (name) => {
      const first = await openDisk(folder, "one");
      await first.presence.next();
      await first.store.save((state) => ({ ...state, artifactUrl: "https://hub" }));
      const disk = await openDisk(folder, "two", refusing(name));
      expect(disk.notices).toEqual([expect.stringContaining("EIO")]);
    },
  );

  it("keeps a state file that it cannot read, until the next change", async () => {
    const first = await openDisk(folder, "one");
    await first.store.save((state) => ({ ...state, artifactUrl: "https://hub" }));
    const before = readFileSync(join(folder, "state.json"), "utf8");
    const { notices } = await openDisk(folder, "two", refusing("state.json"));
    expect(notices).toEqual([expect.stringContaining("state.json cannot be read")]);
    expect(readFileSync(join(folder, "state.json"), "utf8")).toBe(before);
  });
});

describe("the number of a connection", () => {
  it("grows over lives, also where the counter cannot be kept in between", async () => {
    const seen: number[] = [];
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const life = async (layer = DISK): Promise<void> => {
      const counter = new PresenceCounter(folder, "boot", layer);
      await counter.open();
      for (let connection = 0; connection < 3; connection += 1) {
        vi.setSystemTime(Date.now() + 500);
        await counter.next().catch(() => undefined);
        seen.push(counter.presence(true).seq);
      }
    };
    const full = { ...DISK, rename: () => Promise.reject(new Error("ENOSPC")) };
    await life();
    await life(full);
    await life(full);
    await life(refusing("presence.json"));
    await life();
    await life();
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen[0]).toBe(1);
  });
});

describe("events", () => {
  it("are counted while the journal cannot be opened, and go on when it can", async () => {
    writeFileSync(join(folder, "events"), "");
    const journal = new EventJournal(folder);
    expect(await journal.open()).toContain("cannot be opened");
    await expect(journal.append({ kind: "test", message: "a" })).rejects.toThrow();
    expect(journal.head).toBeNull();
    expect(await journal.first()).toBeNull();
    rmSync(join(folder, "events"));
    await journal.append({ kind: "test", message: "b" });
    const texts: string[] = [];
    for (let one = await journal.first(); one !== null; one = await journal.first()) {
      texts.push(one.text);
      await journal.acknowledge(one.seq);
    }
    expect(texts.map((text) => (JSON.parse(text) as { kind: string }).kind)).toEqual([
      "journal-started",
      "test",
      "journal-dropped",
    ]);
    expect(texts[2]).toContain('"unwritten":1');
  });

  it("are not held up by one that the disk does not give out, which is declared", async () => {
    const journal = new EventJournal(folder, refusing("000000000002.json"));
    await journal.open();
    for (const message of ["a", "b"]) await journal.append({ kind: "test", message });
    const kinds: string[] = [];
    let refused = 0;
    for (;;) {
      const one = await journal.first().catch(() => undefined);
      if (one === null) break;
      if (one === undefined) refused += 1;
      else {
        kinds.push(readEvent(one.text)?.event.kind ?? "");
        await journal.acknowledge(one.seq);
      }
    }
    expect(refused).toBe(2);
    expect(kinds).toEqual(["journal-started", "test", "journal-dropped"]);
  });

  it("never get the number of one that the disk does not give out", async () => {
    const journal = new EventJournal(folder);
    await journal.open();
    await journal.append({ kind: "test", message: "a" });
    const again = new EventJournal(folder, refusing("000000000002.json"));
    await again.open();
    expect(again.head?.chain).not.toBe(journal.head?.chain);
    expect(existsSync(join(folder, "events", "000000000002.json"))).toBe(true);
  });
});

describe("a fault at every write, sync, rename and removal", () => {
  it("leaves the state of updates as it was or as it was to be, and the next change heals it", async () => {
    const faults = await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(join(folder, "state-"));
      const store = new StateStore(dir, layer);
      await store.open();
      const urls = ["https://one", "https://two"];
      for (const artifactUrl of urls) {
        const before = store.current;
        const failed = await store
          .save((state) => ({ ...state, artifactUrl }))
          .then(
            () => false,
            () => true,
          );
        const disk = await new StateStore(dir).open();
        const onDisk = disk?.state.artifactUrl ?? null;
        if (failed) {
          expect(store.current, at).toBe(before);
          expect([before.artifactUrl, artifactUrl], at).toContain(onDisk);
        } else expect(onDisk, at).toBe(artifactUrl);
      }
      const third = () => store.save((state) => ({ ...state, artifactUrl: "https://three" }));
      await third().catch(third);
      const healed = await new StateStore(dir).open();
      expect(healed, at).toMatchObject({ how: "whole", state: { artifactUrl: "https://three" } });
    });
    expect(faults).toBeGreaterThan(20);
  });

  it("breaks no chain of events: what was not written is declared, and no number comes twice", async () => {
    const faults = await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(join(folder, "journal-"));
      let journal = new EventJournal(dir, layer);
      const received: Entry[] = [];
      const deliver = async (): Promise<void> => {
        for (let one = await journal.first(); one !== null; one = await journal.first()) {
          const { chain = null } = JSON.parse(one.text) as { chain?: string };
          received.push({ chain, ...one });
          await journal.acknowledge(one.seq);
        }
      };
      await journal.open();
      for (const message of ["a", "b", "c"]) {
        await journal.append({ kind: "test", message }).catch(() => undefined);
        await deliver().catch(() => undefined);
      }
      journal = new EventJournal(dir);
      expect(await journal.open(), at).toBeNull();
      await journal.append({ kind: "test", message: "d" });
      await deliver();
      const verifier = new JournalVerifier();
      for (const entry of received) verifier.add(entry);
      const verdict = verifier.finish(signed(journal.head!));
      expect(verdict, `${at}: ${JSON.stringify(verdict.findings)}`).toMatchObject({ whole: true });
    });
    expect(faults).toBeGreaterThan(40);
  });
});
