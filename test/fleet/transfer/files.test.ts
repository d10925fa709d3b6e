import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  readIfThere,
  readTextIfThere,
  sizeIfThere,
  writeFileDurably,
} from "../../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../../fleet/transfer/files/file-layer.ts";
import { ObjectStore } from "../../../fleet/transfer/files/object-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "jetfleet-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = Buffer.from("the bytes of an object");
const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function chunksOf(...chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  return Readable.from(chunks);
}

describe("a file that is replaced durably", () => {
  it("has the content and the mode, in a folder made for it, with nothing left beside it", async () => {
    const file = join(folder, "new", "state.json");
    await writeFileDurably(file, "one", 0o640);
    await writeFileDurably(file, "two", 0o640);
    expect(await readTextIfThere(file)).toBe("two");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(await readdir(join(folder, "new"))).toEqual(["state.json"]);
  });

  it("holds the last of many writes that were begun at once", async () => {
    const file = join(folder, "state.json");
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
    await Promise.all(texts.map((text) => writeFileDurably(file, text)));
    expect(await readTextIfThere(file)).toBe(texts.at(-1));
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("is synced before it gets its name, and its folder after", async () => {
    const calls: string[] = [];
    const layer: FileLayer = {
      ...DISK,
      open: async (path, flags, mode) => {
        const handle = await DISK.open(path, flags, mode);
        const sync = handle.sync.bind(handle);
        handle.sync = () => {
          calls.push(`sync ${String(path).slice(folder.length)}`);
          return sync();
        };
        return handle;
      },
      rename: (from, to) => {
        calls.push("rename");
        return DISK.rename(from, to);
      },
    };
    await writeFileDurably(join(folder, "a"), "text", 0o600, layer);
    expect(calls).toEqual(["sync /.a.tmp", "rename", "sync "]);
  });

  it("keeps its old content when the disk is full, and the next write is not held up", async () => {
    const file = join(folder, "state.json");
    await writeFileDurably(file, "old");
    const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    const layer: FileLayer = { ...DISK, rename: () => Promise.reject(full) };
    const failed = writeFileDurably(file, "lost", 0o600, layer);
    const next = writeFileDurably(file, "new");
    await expect(failed).rejects.toBe(full);
    expect(await readdir(folder)).toEqual(["state.json"]);
    await next;
    expect(await readTextIfThere(file)).toBe("new");
  });

  it("replaces what a power cut left half written", async () => {
    await writeFile(join(folder, ".state.json.tmp"), "half");
    await writeFileDurably(join(folder, "state.json"), "whole");
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("is null where there is none, and an error where it cannot be read", async () => {
    expect(await readIfThere(join(folder, "none"))).toBeNull();
    expect(await sizeIfThere(join(folder, "none"))).toBeNull();
    await expect(readIfThere(folder)).rejects.toMatchObject({ code: "EISDIR" });
  });
});

describe("an object store", () => {
  let store: ObjectStore;
  beforeEach(async () => {
    store = new ObjectStore(join(folder, "objects"));
    await store.open();
  });

  it("takes bytes in under their digest only", async () => {
    const wrong = `sha256:${"0".repeat(64)}`;
    await expect(store.write(wrong, chunksOf(bytes), 100)).rejects.toThrow(/ARTIFACT|Expected/);
    await expect(store.write(digest, chunksOf(bytes), 10)).rejects.toThrow(/at most 10 bytes/);
    expect(await store.list()).toEqual([]);
    await store.write(digest, chunksOf(bytes.subarray(0, 5), bytes.subarray(5)), 100);
    expect(await store.list()).toEqual([digest]);
    expect(await store.verifiedSize(digest)).toBe(bytes.length);
    expect(await readdir(join(store.folder, "incoming"))).toEqual([]);
  });

  it("finds damage that keeps the size, and forgets the object", async () => {
    await store.write(digest, chunksOf(bytes), 100);
    expect(await store.verify(digest)).toBe(true);
    await writeFile(store.pathOf(digest), Buffer.alloc(bytes.length));
    expect(await store.verify(digest)).toBe(false);
    expect(await store.size(digest)).toBeNull();
  });

  it("reads an object once for all who ask at the same time, and once more after it changed", async () => {
    let readings = 0;
    const counting = new ObjectStore(store.folder, {
      ...DISK,
      open: (path, flags, mode) => {
        readings += 1;
        return DISK.open(path, flags, mode);
      },
    });
    await store.write(digest, chunksOf(bytes), 100);
    const asked = await Promise.all(
      Array.from({ length: 30 }, () => counting.verifiedSize(digest)),
    );
    expect(asked).toEqual(asked.map(() => bytes.length));
    expect(readings).toBe(1);
    expect(await counting.verifiedSize(digest)).toBe(bytes.length);
    expect(readings).toBe(1);
    await writeFile(store.pathOf(digest), bytes);
    expect(await counting.verifiedSize(digest)).toBe(bytes.length);
    expect(readings).toBe(2);
  });

  it("gives a downloaded part its name, and drops parts that nobody wants", async () => {
    const other = `sha256:${"1".repeat(64)}`;
    await writeFile(store.partPathOf(digest), bytes);
    await writeFile(`${store.partPathOf(digest)}.etag`, '"tag"');
    await writeFile(store.partPathOf(other), "half");
    await store.adopt(digest);
    expect(await readFile(store.pathOf(digest))).toEqual(bytes);
    await store.removePartsExcept([digest]);
    expect(await readdir(store.folder)).toEqual([digest.slice(7)]);
  });

  it.each(["../../etc/passwd", "sha256:..", "", `sha256:${"A".repeat(64)}`])(
    "makes no path of %j",
    (name) => {
      expect(() => store.pathOf(name)).toThrow();
    },
  );
});
