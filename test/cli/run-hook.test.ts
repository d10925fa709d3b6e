import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { ResultHook } from "../../cli/commands/run-hook.ts";
import { DetectedFrame } from "../../fleet/contract/index.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-hook-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const frames = (count: number): DetectedFrame[] =>
  Array.from({ length: count }, (_, index) => {
    const size = { width: 64, height: 48 };
    const times = { ptsMs: index, capturedAtMs: null };
    return DetectedFrame.parse({ index, sourceFrame: null, ...times, ...size, detections: [] });
  });

test("a hook is given so many frames ahead and no more; what it missed is said once, and counted", async () => {
  const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const file = join(folder, "hook.mjs");
  writeFileSync(file, "export default () => {};");
  const hook = await ResultHook.load(file);
  hook.give(frames(200));
  hook.give(frames(100));
  // 256 that wait, and the one that it has.
  expect(await hook.end()).toMatch(/: called 257 times, 43 left out, slowest/);
  expect(told.mock.calls.map(([line]) => line)).toEqual([
    `hook ${file} is too slow; frames are left out\n`,
  ]);
});
