import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BuiltNote, openNote, sealNote } from "../../../agent/engine/engine-note.ts";
import { EngineStore } from "../../../agent/engine/engine-store.ts";
import { type Kept, toEvict } from "../../../agent/engine/quota.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { everyFault, refusingReads } from "../../fleet/support/faulty-disk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-engines-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hex = (digest: string): string => digest.slice("sha256:".length);
const keyOf = (name: string): string => `jetfleet engine 1\nmodel ${name}\n`;
const keyDigest = (name: string): string => sha256Digest(keyOf(name));

function noteOf(name: string, bytes = `engine of ${name}`, atMs = 1): BuiltNote {
  return {
    ...{ outcome: "built", key: keyOf(name), model: sha256Digest(name), accelerator: "cpu" },
    ...{ atMs, seconds: 2, digest: sha256Digest(bytes), sizeBytes: bytes.length },
    origin: "built-here",
  };
}

const pieces = (bytes: string): AsyncIterable<Uint8Array> =>
  Readable.from((bytes.match(/.{1,5}/g) ?? []).map((piece) => Buffer.from(piece)));

async function put(store: EngineStore, name: string, atMs = 1): Promise<BuiltNote> {
  const note = noteOf(name, `engine of ${name}`, atMs);
  await store.put(keyDigest(name), note, pieces(`engine of ${name}`));
  return note;
}

async function opened(dir = folder): Promise<EngineStore> {
  const store = new EngineStore(dir);
  expect(await store.open()).toEqual([]);
  return store;
}

const fileOf = (note: BuiltNote): string => join(folder, "engines", hex(note.digest));
const noteFile = (name: string): string =>
  join(folder, "engine-notes", `${hex(keyDigest(name))}.json`);

describe("an engine in the store", () => {
  it("is there in the next life, for runners to read, with what it is", async () => {
    const note = await put(await opened(), "one");
    const store = await opened();
    expect(await store.verify(keyDigest("one"))).toEqual(note);
    expect(store.placeOf(keyDigest("one"))).toEqual({ path: fileOf(note), digest: note.digest });
    expect(readFileSync(fileOf(note), "utf8")).toBe("engine of one");
    expect(statSync(fileOf(note)).mode & 0o777).toBe(0o640);
    expect(statSync(noteFile("one")).mode & 0o777).toBe(0o600);
    expect(await store.verify(keyDigest("two"))).toBeNull();
  });

  it("is not taken in when its bytes are not those that were told", async () => {
    const store = await opened();
    const given = store.put(keyDigest("one"), noteOf("one"), pieces("another one"));
    await expect(given).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(store.placeOf(keyDigest("one"))).toBeNull();
  });

  const spoilt: [string, (path: string) => void, string][] = [
    ["cut", (path) => truncateSync(path, 4), "ENGINE_CUT"],
    ["longer", (path) => writeFileSync(path, "engine of one, and more"), "ENGINE_CUT"],
    ["altered", (path) => writeFileSync(path, "engine 0f one"), "ENGINE_ALTERED"],
    ["gone", (path) => rmSync(path), "ENGINE_MISSING"],
  ];
  it.each(spoilt)(
    "that is %s is refused and removed, and another one takes its place",
    async (_, spoil, code) => {
      const store = await opened();
      const note = await put(store, "one");
      await store.verify(keyDigest("one"));
      spoil(fileOf(note));
      store.distrust(keyDigest("one"));
      await expect(store.verify(keyDigest("one"))).rejects.toMatchObject({ code });
      expect(store.noteOf(keyDigest("one"))).toBeNull();
      expect([existsSync(fileOf(note)), existsSync(noteFile("one"))]).toEqual([false, false]);
      await put(store, "one");
      expect(await store.verify(keyDigest("one"))).toEqual(note);
    },
  );

  it("of another device, or under another key, is refused before anybody opens it", async () => {
    const other = mkdtempSync(join(tmpdir(), "jetfleet-engines-"));
    await put(await opened(other), "one");
    await put(await opened(), "two");
    const foreign = readFileSync(join(other, "engine-notes", `${hex(keyDigest("one"))}.json`));
    rmSync(other, { recursive: true });
    writeFileSync(noteFile("one"), foreign);
    writeFileSync(noteFile("three"), readFileSync(noteFile("two")));
    const store = new EngineStore(folder);
    const refused = await store.open();
    expect(refused.map(({ code }) => code)).toEqual(["ENGINE_FOREIGN", "ENGINE_FOREIGN"]);
    expect(store.all().map(({ key }) => key)).toEqual([keyOf("two")]);
    expect(existsSync(noteFile("one"))).toBe(false);
  });

  it("that came without its note, as in a power cut, is removed", async () => {
    await put(await opened(), "one");
    rmSync(noteFile("one"));
    await opened();
    expect(readdirSync(join(folder, "engines"))).toEqual([]);
  });

  it("stays while another key needs the same bytes", async () => {
    const store = await opened();
    const shared = "engine of both";
    for (const name of ["one", "two"]) {
      await store.put(keyDigest(name), noteOf(name, shared), pieces(shared));
    }
    await store.remove(keyDigest("one"));
    expect(await store.verify(keyDigest("two"))).not.toBeNull();
  });

  it("is not lost when the disk does not give its note out for a while", async () => {
    const note = await put(await opened(), "one");
    const layer = refusingReads((path) => path === noteFile("one"));
    const refused = await new EngineStore(folder, layer).open();
    expect(refused.map(({ code }) => code)).toEqual(["BOARD_DISK_FAILED"]);
    expect(await (await opened()).verify(keyDigest("one"))).toEqual(note);
  });
});

describe("what cannot be built", () => {
  const error = { code: "MODEL_INVALID", message: "no", hint: "", atMs: 1 };
  const noteFor = (name: string, atMs: number) => ({
    ...{ outcome: "unbuildable" as const, key: keyOf(name), model: sha256Digest(name) },
    ...{ accelerator: "cpu", atMs, seconds: 1, error },
  });

  it("is remembered with its reason over lives, under its key alone, and bounded", async () => {
    const store = await opened();
    for (let at = 0; at < 66; at += 1) {
      await store.remember(keyDigest(`m${at}`), noteFor(`m${at}`, at));
    }
    const again = await opened();
    expect(again.noteOf(keyDigest("m65"))).toMatchObject({ outcome: "unbuildable", error });
    expect(again.noteOf(keyDigest("other"))).toBeNull();
    expect(again.all()).toHaveLength(64);
    expect(again.noteOf(keyDigest("m1"))).toBeNull();
  });
});

describe("the quota", () => {
  it("has the longest unused go first, and never one that is in use", async () => {
    const store = await opened();
    for (const [at, name] of ["a", "b", "c"].entries()) await put(store, name, at);
    const size = "engine of a".length;
    expect(await store.evict(3 * size, new Set())).toEqual([]);
    const evicted = await store.evict(size, new Set([keyDigest("a")]));
    expect(evicted).toEqual([keyDigest("b"), keyDigest("c")]);
    expect(await store.verify(keyDigest("a"))).not.toBeNull();
    expect(await store.evict(0, new Set([keyDigest("a")]))).toEqual([]);
  });

  it("is kept whenever those in use leave room for it, with as few gone as the order allows", () => {
    const engine: fc.Arbitrary<Kept & { used: boolean }> = fc.record({
      key: fc.uuid(),
      sizeBytes: fc.nat(1000),
      usedAtMs: fc.nat(1000),
      used: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(engine, { selector: ({ key }) => key }),
        fc.nat(3000),
        (all, quota) => {
          const inUse = new Set(all.filter(({ used }) => used).map(({ key }) => key));
          const gone = toEvict(all, quota, inUse);
          const sizeOf = (keys: Kept[]) => keys.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          const left = all.filter(({ key }) => !gone.includes(key));
          expect(gone.filter((key) => inUse.has(key))).toEqual([]);
          if (sizeOf(left) > quota) expect(left.filter(({ used }) => !used)).toEqual([]);
          const last = all.find(({ key }) => key === gone.at(-1));
          if (last) expect(sizeOf(left) + last.sizeBytes).toBeGreaterThan(quota);
        },
      ),
    );
  });
});

describe("a note", () => {
  const seal = Buffer.alloc(32, 7);
  it("is refused for every byte that is changed, and wherever it is cut", () => {
    const text = sealNote(noteOf("one"), seal);
    expect(openNote(text, keyDigest("one"), seal)).toEqual(noteOf("one"));
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;
      for (const bad of [changed, text.slice(0, at)]) {
        expect(() => openNote(bad, keyDigest("one"), seal)).toThrow(
          expect.objectContaining({ code: "ENGINE_FOREIGN" }),
        );
      }
    }
  });
});

it("survives a fault at every call of the disk: whole or not there, and the next attempt heals it", async () => {
  const faults = await everyFault(async ({ layer }, at) => {
    const dir = mkdtempSync(join(folder, "store-"));
    const store = new EngineStore(dir, layer);
    await store.open().catch(() => undefined);
    await put(store, "one").catch(() => undefined);
    const next = new EngineStore(dir);
    expect(await next.open(), at).toEqual([]);
    const found = await next.verify(keyDigest("one"));
    if (found === null) expect(readdirSync(join(dir, "engines")), at).toEqual([]);
    await put(store, "one").catch(() => put(store, "one"));
    expect(await (await opened(dir)).verify(keyDigest("one")), at).toEqual(noteOf("one"));
  });
  expect(faults).toBeGreaterThan(30);
});
