import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestFile } from "../../../fleet/provision/runtime/index.ts";
import { KeptDigests } from "../../../infra/provider/resources/device/kept-digests.ts";

let dir: string;
let file: string;
let hashed: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-digests-"));
  file = join(dir, "node");
  writeFileSync(file, "one");
  hashed = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** As another process has them, so much later. */
const kept = (laterMs = 10_000) =>
  new KeptDigests({
    folder: () => join(dir, "cache"),
    digest: (path) => {
      hashed += 1;
      return digestFile(path);
    },
    nowMs: () => Date.now() + laterMs,
  });

describe("the digest of a file of the runtime", () => {
  test("is worked out once, whatever process asks", async () => {
    const digest = await kept().of(file);
    expect(digest).toBe(await digestFile(file));
    expect(await kept().of(file)).toBe(digest);
    expect(hashed).toBe(1);
  });

  test("is that of its bytes, also when size and time are those of the bytes before", async () => {
    await kept().of(file);
    const { atime, mtime } = statSync(file);
    writeFileSync(file, "two");
    utimesSync(file, atime, mtime);
    expect(await kept().of(file)).toBe(await digestFile(file));
    expect(hashed).toBe(2);
  });

  test("is not kept of a file that was written a moment ago", async () => {
    await kept(0).of(file);
    await kept(0).of(file);
    expect(hashed).toBe(2);
  });

  test("is worked out where nothing can be kept", async () => {
    writeFileSync(join(dir, "cache"), "no folder");
    expect(await kept().of(file)).toBe(await digestFile(file));
  });
});
