import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sealComposition } from "../../fleet/deploy/index.ts";
import { PartStore } from "../../fleet/hub/deploy/part-store.ts";
import { PreviousGenerations } from "../../fleet/hub/deploy/previous-generations.ts";
import { PRUNE_AFTER_MS, prune } from "../../fleet/hub/deploy/prune.ts";
import type { Selection } from "../../fleet/hub/deploy/selection.ts";
import { openPart, openRoles, publicPemOf, sealRoles } from "../../fleet/release/index.ts";
import type { Sealed } from "../../infra/provider/release/parts.ts";
import { KEYS, rolesOf } from "../fleet/support/signed-fleet.ts";
import { newKey, sealVersion, specOf } from "./releaser.ts";

const NOW_MS = Date.now();

let folder: string;
let parts: PartStore;
let previous: PreviousGenerations;
let sealed: Sealed[];
const key = newKey();

const inFolder = (...names: string[]) => path.join(folder, ...names);
const openStore = () => PartStore.open(inFolder("parts"), () => {});
const version = (n: number, name = "entrance") =>
  sealVersion(key, { device: "door", spec: specOf(name) }, n);
const digests = (...versions: number[]) => versions.map((n) => sealed[n - 1]!.part.digest);

/** Six versions on disk, which nothing has named for longer than parts are kept. */
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "jetfleet-prune-"));
  previous = await PreviousGenerations.open(inFolder("previous"));
  sealed = [1, 2, 3, 4, 5, 6].map((n) => version(n));
  await keep(await openStore(), ...sealed);
  await age();
  parts = await openStore();
});
afterEach(() => rm(folder, { recursive: true }));

async function keep(store: PartStore, ...ones: Sealed[]): Promise<void> {
  for (const { envelopes } of ones) {
    for (const envelope of [envelopes.set, envelopes.pipeline]) {
      await store.add(openPart(envelope, [key.publicKeyPem]));
    }
  }
}

async function age(byMs = PRUNE_AFTER_MS + 60_000): Promise<void> {
  const then = new Date(NOW_MS - byMs);
  for (const file of await readdir(inFolder("parts")))
    await utimes(inFolder("parts", file), then, then);
}

interface Named {
  chosen?: string[];
  retained?: Uint8Array;
}

function pruned({ chosen = [], retained }: Named = {}, store = parts) {
  const choices = chosen.map((part, n) => [`p${n}`, { part, owner: null }] as const);
  const selection: Selection = { version: 1, choices: Object.fromEntries(choices), former: null };
  return prune(
    {
      devices: ["door"],
      selections: { get: () => selection },
      ...{ previous, parts: store },
      retainedDesired: () => retained,
    },
    NOW_MS,
  );
}

/** A message on `desired` of one version. */
function generationOf({ part, envelopes }: Sealed): Uint8Array {
  const envelope = sealRoles(rolesOf(), KEYS.root);
  const roles = { envelope, ...openRoles(envelope, publicPemOf(KEYS.root)) };
  const chosen = [{ name: "entrance", digest: part.digest, ...envelopes }];
  const composition = { fleet: "demo", device: "door", generation: 5, chosen };
  return Buffer.from(JSON.stringify(sealComposition(composition, roles, KEYS.online, NOW_MS)));
}

const there = () => sealed.flatMap(({ part }, n) => (parts.get(part.digest) ? [n + 1] : []));
const setsThere = () => sealed.flatMap(({ set }, n) => (parts.get(set.digest) ? [n + 1] : []));

describe("parts that nothing names", () => {
  it("go with their sets; chosen ones, a device's generation, the one before and the newest stay", async () => {
    await previous.replace("door", digests(2));
    const answer = await pruned({ chosen: digests(4), retained: generationOf(sealed[2]!) });
    expect(there()).toEqual([2, 3, 4, 6]);
    expect(setsThere()).toEqual([2, 3, 4, 6]);
    expect(answer).toEqual({ removed: 4, kept: 8 });
    parts = await openStore();
    expect(there()).toEqual([2, 3, 4, 6]);
  });

  it("stay for 30 days after they were sent, sent again or named last", async () => {
    await keep(parts, sealed[0]!);
    await parts.use(digests(2));
    await pruned();
    expect(there()).toEqual([1, 2, 6]);
    await age(PRUNE_AFTER_MS - 60_000);
    await pruned({}, (parts = await openStore()));
    expect(there()).toEqual([1, 2, 6]);
    await age();
    await pruned({}, (parts = await openStore()));
    expect(there()).toEqual([6]);
  });

  it("are told by scope: the newest of another device, or of labels, stays as well", async () => {
    const others = [
      sealVersion(key, { device: "yard" }, 2),
      sealVersion(key, { device: "door", scope: { to: "labels", labels: { site: "basel" } } }, 3),
    ];
    await keep(parts, ...others);
    await age();
    parts = await openStore();
    await pruned();
    expect(there()).toEqual([6]);
    expect(others.map(({ part }) => parts.get(part.digest) !== null)).toEqual([true, true]);
  });

  it.each([
    ["the generation before", async () => await writeFile(inFolder("previous", "door.json"), "{")],
    ["what is retained", () => Promise.resolve(Buffer.from('{"contract":9}'))],
  ])("all stay where %s cannot be read", async (_what, damage) => {
    const retained = (await damage()) ?? undefined;
    await expect(pruned({ ...(retained && { retained }) })).rejects.toMatchObject({
      code: "HUB_STATE_UNREADABLE",
    });
    expect(there()).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
