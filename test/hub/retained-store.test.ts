import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetainedStore } from "../../fleet/hub/broker/retained-store.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { everyFault, FaultyDisk } from "../fleet/support/faulty-disk.ts";

const TOPIC = "jetfleet/v1/demo/door/reported";
const NEIGHBOUR = "jetfleet/v1/demo/gate/reported";

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "jetfleet-retained-"));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(layer?: FileLayer, dir = folder): Promise<RetainedStore> {
  const log = (message: string, fields: object = {}) =>
    void said.push(`${message} ${JSON.stringify(fields)}`);
  return RetainedStore.open(dir, "demo", log, layer);
}

const textOf = (store: RetainedStore, topic = TOPIC): string | undefined =>
  store.get(topic)?.toString();
const put = (store: RetainedStore, text: string, topic = TOPIC): Promise<boolean> =>
  store.store(topic, Buffer.from(text)).then(
    () => true,
    () => false,
  );

describe("what the hub retains", () => {
  it("is what it was, in memory and on disk, after a fault at any write; the next one succeeds", async () => {
    const faults = await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(path.join(folder, "case-"));
      const store = await open(undefined, dir);
      await put(store, "old");
      const faulty = await open(layer, dir).catch(() => null);
      // The hub does not start on a folder that it cannot make.
      if (faulty === null) return;
      const kept = await put(faulty, "new");
      const onDisk = readFileSync(path.join(dir, "door", "reported"), "utf8");
      expect(textOf(faulty), at).toBe(kept ? "new" : "old");
      // Where only the last sync failed the disk may have the new one, as after a power cut; it comes again.
      expect(kept ? ["new"] : ["old", "new"], at).toContain(onDisk);
      expect((await put(faulty, "newer")) || (await put(faulty, "newer")), at).toBe(true);
      expect([textOf(faulty), textOf(await open(undefined, dir))], at).toEqual(["newer", "newer"]);
      expect((await put(faulty, "")) || (await put(faulty, "")), at).toBe(true);
      expect([textOf(faulty), textOf(await open(undefined, dir))], at).toEqual([
        undefined,
        undefined,
      ]);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it("is forgotten again when its first write fails, and whoever listens hears of both", async () => {
    const heard: (string | undefined)[] = [];
    const store = await open({ ...DISK, rename: () => Promise.reject(new Error("ENOSPC")) });
    store.onStored(() => heard.push(textOf(store)));
    expect(await put(store, "first")).toBe(false);
    expect(heard).toEqual(["first", undefined]);
    expect([...store.entries()]).toEqual([]);
  });

  it("is the newest of many on a slow disk, of which one write in between fails", async () => {
    const { layer } = new FaultyDisk(null, "EIO", 20);
    let renames = 0;
    const store = await open({
      ...layer,
      rename: (from, to) =>
        ++renames === 2 ? Promise.reject(new Error("EIO")) : layer.rename(from, to),
    });
    const first = put(store, "1");
    const [second, third] = [put(store, "2"), put(store, "3")];
    expect(await first).toBe(true);
    expect(await Promise.all([second, third])).toEqual([false, false]);
    expect(textOf(store)).toBe("1");
    expect(await put(store, "4")).toBe(true);
    expect(textOf(await open())).toBe("4");
  });

  it("that cannot be read is said and left, and its neighbours are there", async () => {
    const store = await open();
    await put(store, "of the neighbour", NEIGHBOUR);
    mkdirSync(path.join(folder, "door", "reported"), { recursive: true });
    writeFileSync(path.join(folder, "porch"), "no folder");
    const again = await open();
    expect(textOf(again, NEIGHBOUR)).toBe("of the neighbour");
    expect(textOf(again)).toBeUndefined();
    expect(said).toEqual([
      expect.stringMatching(/a retained message cannot be read .*"door".*EISDIR/),
      expect.stringMatching(/what is retained of a device cannot be read .*"porch".*ENOTDIR/),
    ]);
  });
});
