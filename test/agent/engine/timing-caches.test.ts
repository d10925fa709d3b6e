import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TimingCaches } from "../../../agent/engine/timing-caches.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-timings-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => Buffer.from(text);

describe("timing caches", () => {
  it("are there for the next life of the agent, and for a builder of the folder's group", async () => {
    const key = sha256Digest("one");
    const before = new TimingCaches(folder);
    expect(await before.pathOf(key)).toBeNull();
    await before.keep(key, bytes("some kernels"));
    await before.keep(key, bytes("more kernels"));
    const path = (await new TimingCaches(folder).pathOf(key)) as string;
    expect(readFileSync(path, "utf8")).toBe("more kernels");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(statSync(join(folder, "timing-caches")).mode & 0o777).toBe(0o710);
  });

  it("are bounded: the longest untouched go", async () => {
    const caches = new TimingCaches(folder);
    for (let i = 0; i < 18; ++i) {
      await caches.keep(sha256Digest(String(i)), bytes("kernels"));
      utimesSync((await caches.pathOf(sha256Digest(String(i)))) as string, i, i);
    }
    await caches.keep(sha256Digest("17"), bytes("kernels"));
    expect(readdirSync(join(folder, "timing-caches"))).toHaveLength(16);
    expect(await caches.pathOf(sha256Digest("0"))).toBeNull();
    expect(await caches.pathOf(sha256Digest("17"))).not.toBeNull();
  });
});
