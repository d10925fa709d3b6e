import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import {
  MemoryWatch,
  memoryLimit,
  ownBytes,
  parseOwnBytes,
} from "../../../agent/supervise/memory-watch.ts";

const MIB = 2 ** 20;

it("counts what a process has to itself, in memory and swapped out, and no libraries", () => {
  const status = "VmRSS:\t  900 kB\nRssAnon:\t  300 kB\nRssFile:\t  600 kB\nVmSwap:\t   20 kB\n";
  expect(parseOwnBytes(status)).toBe(320 * 1024);
  expect(parseOwnBytes("RssAnon:\t  300 kB\n")).toBe(300 * 1024);
});

it.each(["", "VmRSS:\t 900 kB\n", "RssAnon:\t many kB\n"])(
  "does not know the memory of a process of which %j is said",
  (status) => expect(parseOwnBytes(status)).toBeNull(),
);

it("knows nothing of a process that is not there", async () => {
  expect(await ownBytes(2 ** 22 + 1)).toBeNull();
});

it("leaves room for each model that a runner has at a time", () => {
  expect(memoryLimit(100 * MIB, 10 * MIB) - memoryLimit(100 * MIB)).toBe(40 * MIB);
  expect(memoryLimit(0)).toBeGreaterThan(512 * MIB);
});

it("tells once of a process that has too much, by the limit of that moment", async () => {
  const child = spawn(process.execPath, [
    "-e",
    `const a = []; setInterval(() => a.push(Buffer.alloc(8 * ${MIB}, 1)), 20)`,
  ]);
  try {
    const told: number[] = [];
    const watch = new MemoryWatch(child.pid ?? -1, 80 * MIB, (bytes) => told.push(bytes));
    watch.limitBytes = 300 * MIB;
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
    expect(told[0]).toBeGreaterThan(300 * MIB);
  } finally {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
});
