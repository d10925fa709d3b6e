import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putInPlace } from "../../../cli/setup/put-in-place.mjs";

/** @type {string} */
let cache;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "jetfleet-place-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const text = () => readFileSync(join(cache, "tool/text"), "utf8");
const writing = (/** @type {string} */ words) => (/** @type {string} */ folder) => {
  writeFileSync(join(folder, "text"), words);
  return Promise.resolve();
};

describe("a folder that is put in place", () => {
  it("takes the place of the one before, and what an interrupted attempt left goes", async () => {
    await putInPlace(join(cache, "tool"), writing("old"));
    mkdirSync(join(cache, "tool.cut-off"));
    await putInPlace(join(cache, "tool"), writing("new"));

    expect(text()).toBe("new");
    expect(readdirSync(cache)).toEqual(["tool"]);
  });

  it("leaves the one before when it cannot be made, and nothing of itself", async () => {
    await putInPlace(join(cache, "tool"), writing("old"));
    const failing = putInPlace(join(cache, "tool"), async (folder) => {
      await writing("half")(folder);
      throw new Error("no network");
    });

    await expect(failing).rejects.toThrow("no network");
    expect(text()).toBe("old");
    expect(readdirSync(cache)).toEqual(["tool"]);
  });

  it("is made where not even the folder around it was", async () => {
    await putInPlace(join(cache, "deep/tool"), writing("first"));
    expect(existsSync(join(cache, "deep/tool/text"))).toBe(true);
  });
});
