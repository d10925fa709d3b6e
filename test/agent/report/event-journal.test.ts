import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventJournal, MAX_QUEUED_EVENTS } from "../../../agent/report/event-journal.ts";
import type { FleetEvent } from "../../../fleet/contract/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-journal-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<EventJournal> {
  const journal = new EventJournal(folder);
  await journal.open();
  return journal;
}

function add(journal: EventJournal, message: string): Promise<FleetEvent> {
  return journal.append({ kind: "test", message }, 1);
}

describe("the event journal", () => {
  it("gives events out in order, each until it is acknowledged", async () => {
    const journal = await open();
    await add(journal, "a");
    await add(journal, "b");
    expect((await journal.first())?.seq).toBe(1);
    expect((await journal.first())?.seq).toBe(1);
    await journal.acknowledge(1);
    expect((await journal.first())?.seq).toBe(2);
    await journal.acknowledge(2);
    expect(await journal.first()).toBeNull();
  });

  it("keeps what was not acknowledged, and goes on counting, in the next life", async () => {
    const first = await open();
    await Promise.all([add(first, "a"), add(first, "b")]);
    await first.acknowledge(1);
    const second = await open();
    expect((await second.first())?.seq).toBe(2);
    await second.acknowledge(2);
    const third = await open();
    expect(await third.first()).toBeNull();
    expect((await add(third, "c")).seq).toBe(3);
  });

  it("chains each event to the exact text of the one before, over restarts", async () => {
    const first = await open();
    expect((await add(first, "a")).previous).toBeNull();
    const text = (await first.first())!.text;
    const second = await open();
    const next = await add(second, "b");
    expect(`sha256:${next.previous}`).toBe(sha256Digest(text));
  });

  it("does not use a number twice when the agent died between event and head", async () => {
    const journal = await open();
    await add(journal, "a");
    const text = readFileSync(join(folder, "events", "000000000001.json"), "utf8");
    rmSync(join(folder, "events", "head.json"));
    const next = await add(await open(), "b");
    expect(next).toMatchObject({ seq: 2, previous: sha256Digest(text).slice("sha256:".length) });
  });

  it("ignores an acknowledgement of another event", async () => {
    const journal = await open();
    await add(journal, "a");
    await journal.acknowledge(7);
    expect((await journal.first())?.seq).toBe(1);
  });

  it("drops the oldest beyond its bound, visibly", async () => {
    const journal = await open();
    for (let i = 0; i < MAX_QUEUED_EVENTS + 3; i += 1) await add(journal, String(i));
    expect(journal.size).toBe(MAX_QUEUED_EVENTS);
    expect((await journal.first())?.seq).toBe(4);
    expect(readdirSync(join(folder, "events"))).toHaveLength(MAX_QUEUED_EVENTS + 1);
  });
});
