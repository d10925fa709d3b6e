import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holderOf, isStale, tryLock, withLock } from "../../../cli/setup/lock.mjs";

/** @type {string} */
let folder;
/** @type {string} */
let lock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-lock-"));
  lock = join(folder, "step.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const self = /** @type {import("../../../cli/setup/lock.mjs").Holder} */ (holderOf(process.pid));
const signal = new AbortController().signal;
const onWait = () => {};

describe("a lock's holder", () => {
  it.each([
    ["the same process still runs", self, false],
    ["no process has that number", undefined, true],
    ["a younger process has that number", { ...self, startTicks: "1" }, true],
    ["the machine was started again", { ...self, boot: "another" }, true],
  ])("when %s, is stale: %s", (_case, now, stale) => {
    expect(isStale(self, now)).toBe(stale);
  });
});

describe("a lock", () => {
  it("is taken once", () => {
    expect(tryLock(lock)).toBe(true);
    expect(tryLock(lock)).toBe(false);
  });

  it("is taken over from a process that was killed", async () => {
    const child = spawn("sleep", ["60"]);
    const dead = holderOf(/** @type {number} */ (child.pid));
    writeFileSync(lock, JSON.stringify(dead));
    expect(tryLock(lock)).toBe(false);

    child.kill("SIGKILL");
    await once(child, "exit");

    expect(tryLock(lock)).toBe(true);
  });

  it("is taken over when it names nobody", () => {
    writeFileSync(lock, "");

    expect(tryLock(lock)).toBe(true);
  });

  it("leaves no file behind, also when the work fails", async () => {
    const work = () => Promise.reject(new Error("no"));

    await expect(withLock(lock, { signal, onWait }, work)).rejects.toThrow("no");

    expect(readdirSync(folder)).toEqual([]);
  });

  it("lets the work of two happen one after the other", async () => {
    /** @type {string[]} */
    const order = [];
    /** @param {string} name */
    const work = (name) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
    };

    await Promise.all(["a", "b"].map((name) => withLock(lock, { signal, onWait }, work(name))));

    expect(order[1]).toBe(order[0]?.replace("begins", "ends"));
    expect(order).toHaveLength(4);
  });

  it("is not waited for after Ctrl-C", async () => {
    tryLock(lock);
    const controller = new AbortController();
    const waiting = withLock(
      lock,
      { signal: controller.signal, onWait: () => controller.abort() },
      () => Promise.resolve(),
    );

    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    expect(existsSync(lock)).toBe(true);
  });

  it("gives up with the holder's number when the holder takes too long", async () => {
    tryLock(lock);

    await expect(
      withLock(lock, { signal, onWait, deadlineMs: -1 }, () => Promise.resolve()),
    ).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });
});
