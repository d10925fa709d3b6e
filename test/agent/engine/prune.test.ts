import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EngineStore } from "../../../agent/engine/engine-store.ts";
import { Pruner } from "../../../agent/engine/prune.ts";
import type { NewEvent } from "../../../agent/report/event-journal.ts";
import { createLog } from "../../../agent/report/log.ts";
import { StateStore } from "../../../agent/update/state-store.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

let folder: string;
let store: StateStore;
let engines: EngineStore;
const events: NewEvent[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-prune-"));
  store = new StateStore(join(folder, "state"));
  await store.open();
  engines = new EngineStore(folder);
  await engines.open();
  events.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keyOf = (name: string): string => sha256Digest(`key of ${name}`);

async function put(name: string): Promise<void> {
  const bytes = Buffer.from(`engine of ${name}`);
  await engines.put(
    keyOf(name),
    {
      ...{ outcome: "built", key: `key of ${name}`, model: sha256Digest(name), accelerator: "cpu" },
      ...{ digest: sha256Digest(bytes), sizeBytes: bytes.length, seconds: 1, atMs: 1 },
      origin: "built-here",
    },
    Readable.from([bytes]),
  );
}

function order(number: number, ...names: string[]) {
  return store.save((state) => ({
    ...state,
    prune: { number, keys: names.map(keyOf), done: null },
  }));
}

/** Follows what is ordered, by an agent that runs `inUse`, and ends it. */
async function follow(...inUse: string[]): Promise<void> {
  const pruner = new Pruner({
    ...{ store, engines, diskBackoff: { baseMs: 1, capMs: 1 } },
    keysInUse: () => new Set(inUse.map(keyOf)),
    log: createLog({ write: () => {} }),
    onChange: () => {},
    onEvent: (event) => events.push(event),
  });
  pruner.follow();
  await expect.poll(() => store.current.prune?.done ?? null).not.toBeNull();
  await pruner.stop();
}

it("an order removes what it names, but never what runs, and says what became of each", async () => {
  for (const name of ["runs", "old", "other"]) await put(name);
  await order(1, "runs", "old", "gone", "old");
  await follow("runs");
  expect(store.current.prune?.done).toMatchObject({
    ...{ number: 1, removed: 1, removedBytes: 13, inUse: 1, absent: 1 },
  });
  expect(engines.noteOf(keyOf("old"))).toBeNull();
  expect(engines.noteOf(keyOf("runs"))).not.toBeNull();
  expect(engines.noteOf(keyOf("other"))).not.toBeNull();
  const whole = readdirSync(join(folder, "engines")).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(whole).toHaveLength(2);
  expect(events).toMatchObject([
    {
      kind: "engines-pruned",
      message: expect.stringMatching(/^1 engines .*1 in use stay; 1 were/),
    },
  ]);
});

it("an order is followed once: what is built again afterwards stays", async () => {
  await put("old");
  await order(1, "old");
  await follow();
  await put("old");
  await follow();
  expect(engines.noteOf(keyOf("old"))).not.toBeNull();
  expect(events).toHaveLength(1);
});

it("an order that a power cut interrupts is followed in the next life", async () => {
  await put("old");
  await order(1, "old");
  store = new StateStore(join(folder, "state"));
  await store.open();
  expect(store.current.prune).toMatchObject({ number: 1, done: null });
  await follow();
  expect(engines.noteOf(keyOf("old"))).toBeNull();
});
