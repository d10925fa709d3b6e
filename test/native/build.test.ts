import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import type { NativeBuildOptions } from "../../native/binding/api.ts";
import { ADDON_PATH, addon, LIBRARIES, model } from "./addon.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-build-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STREET = join(import.meta.dirname, "../../models/street-v2-b1.onnx");
/** Builds without a GPU; it tells of hundreds of steps of a small model. */
const RTX = {
  backendPath: join(dirname(ADDON_PATH), "libjetfleet-backend-tensorrt-rtx-1.7.so"),
  runtimePath: join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "jetfleet/tensorrt-rtx-1.7/lib",
  ),
  computeCapability: 86,
};
const hasRtx = existsSync(RTX.backendPath) && existsSync(RTX.runtimePath);
const needsRtx = hasRtx ? "" : " [skipped: no TensorRT-RTX here]";
const quiet = (): void => undefined;
let engines = 0;

function options(changes: Partial<NativeBuildOptions> = {}): NativeBuildOptions {
  const enginePath = join(folder, `${++engines}.onnx`);
  return { ...LIBRARIES, modelPath: STREET, enginePath, threads: 1, ...changes };
}

function expectNothingLeft({ enginePath }: NativeBuildOptions): void {
  expect(existsSync(enginePath)).toBe(false);
  expect(existsSync(`${enginePath}.part`)).toBe(false);
}

describe("an engine", () => {
  test("is built beside the event loop, says how far it is, and runs", async () => {
    const asked = options();
    const told: [number, string][] = [];
    let turns = 0;
    const ticking = setInterval(() => ++turns, 1);
    const report = await addon.buildEngine(asked, (...news) => told.push(news));
    clearInterval(ticking);
    expect(report).toEqual({ layers: [], problems: [] });
    expect(told.length).toBeGreaterThan(0);
    expect(told.map(([share]) => share)).toEqual(
      told.map(([share]) => share).sort((a, b) => a - b),
    );
    expect(told.at(-1)).toEqual([1, "done"]);
    expect(turns).toBeGreaterThan(0);
    const labels = ["person", "vehicle", "bicycle"];
    const times = await addon.testModel(model(asked.enginePath, { labels }));
    expect(times.warmMs).toBeGreaterThan(0);
  });

  test.skipIf(!hasRtx)(
    `says some times a second how far it is, however often its library does${needsRtx}`,
    async () => {
      const asked = options({ ...RTX, accelerator: "gpu", precision: "fp16" });
      const startMs = performance.now();
      const told: [number, string][] = [];
      await addon.buildEngine(asked, (...news) => told.push(news));
      expect(told.at(-1)).toEqual([1, "done"]);
      expect(told.length).toBeGreaterThan(3);
      expect(told.length).toBeLessThanOrEqual((performance.now() - startMs) / 50 + 2);
    },
  );

  test("is built twice at once in two places, and refused twice in one", async () => {
    const [first, second] = [options(), options()];
    const builds = [first, second, first].map((one) => addon.buildEngine(one, quiet));
    const [one, two, again] = await Promise.allSettled(builds);
    expect([one?.status, two?.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(again).toMatchObject({ status: "rejected", reason: { code: "INTERNAL" } });
    expect([first, second].map(({ enginePath }) => existsSync(enginePath))).toEqual([true, true]);
    await addon.buildEngine(first, quiet); // the place is free again
  });
});

describe("a build is cancelled", () => {
  test("by a signal that was aborted before", async () => {
    const asked = options({ signal: AbortSignal.abort() });
    await expect(addon.buildEngine(asked, quiet)).rejects.toMatchObject({ code: "CANCELLED" });
    expectNothingLeft(asked);
  });

  test("by a signal that is aborted while it runs, and leaves nothing", async () => {
    const cancel = new AbortController();
    const asked = options({ signal: cancel.signal });
    const build = addon.buildEngine(asked, () => cancel.abort());
    await expect(build).rejects.toMatchObject({ code: "CANCELLED", problems: [] });
    expectNothingLeft(asked);
    cancel.abort(); // of a build that is over: nothing happens
  });
});

describe("a build is refused", () => {
  test.each<[string, Partial<NativeBuildOptions>, string, RegExp]>([
    ["a precision it cannot give", { precision: "int8" }, "MODEL_INVALID", /int8/],
    ["a model that is not there", { modelPath: "/nonexistent.onnx" }, "MODEL_INVALID", /nonexist/],
    [
      "a folder that is not there",
      { enginePath: "/nonexistent/engine" },
      "MODEL_INVALID",
      /engine/,
    ],
    ["a backend that is not there", { backendPath: "/nonexistent.so" }, "NATIVE_LOAD", /nonexist/],
  ])("for %s", async (_what, change, code, message) => {
    const asked = options(change);
    const build = addon.buildEngine(asked, quiet);
    await expect(build).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expectNothingLeft(asked);
  });

  test.each<[string, object, RegExp]>([
    ["no paths", { modelPath: undefined }, /a string for options.modelPath/],
    [
      "a shape of words",
      { shapes: [{ input: "x", min: ["1"], opt: [1], max: [1] }] },
      /shapes\[0\].min/,
    ],
    ["a key that is text", { macKey: "secret" }, /a Uint8Array for options.macKey/],
    ["an effort of 7", { effort: 7 }, /options.effort/],
    ["nodes that are one text", { float32Nodes: "/head/Conv" }, /options.float32Nodes/],
    ["ranges by a number", { minMaxRanges: 1 }, /options.minMaxRanges/],
    ["a negative pool", { dlaSramBytes: -1 }, /options.dlaSramBytes/],
    ["a pool of words", { tacticSharedMemoryBytes: "1" }, /options.tacticSharedMemoryBytes/],
  ])("as a mistaken call with %s", async (_what, change, message) => {
    const asked = { ...options(), ...change } as NativeBuildOptions;
    await expect(addon.buildEngine(asked, quiet)).rejects.toThrow(message);
  });
});

/** CommonJS that starts a build and then runs `body`. */
function script(body: string): { path: string; enginePath: string } {
  const asked = options();
  const path = join(folder, `script-${engines}.cjs`);
  writeFileSync(
    path,
    `const addon = require(${JSON.stringify(ADDON_PATH)});
const options = ${JSON.stringify(asked)};
${body}`,
  );
  return { path, enginePath: asked.enginePath };
}

describe("a build that is under way", () => {
  test("does not keep a process from exiting with its code", () => {
    const { path, enginePath } = script(
      "addon.buildEngine(options, () => process.exit(7)).catch(() => undefined);",
    );
    const child = spawnSync(process.execPath, [path], { encoding: "utf8", timeout: 25_000 });
    expect([child.status, child.signal, child.stderr]).toEqual([7, null, ""]);
    expect(existsSync(`${enginePath}.part`)).toBe(false);
  });

  test("keeps the process alive until it is over", () => {
    const { path, enginePath } = script("addon.buildEngine(options, () => undefined);");
    const child = spawnSync(process.execPath, [path], { encoding: "utf8", timeout: 25_000 });
    expect([child.status, child.stderr]).toEqual([0, ""]);
    expect(existsSync(enginePath)).toBe(true);
  });

  test("tells 'uncaughtException' what its callback throws, and goes on", () => {
    const { path, enginePath } = script(
      `process.on("uncaughtException", (error) => console.log(error.message));
addon.buildEngine(options, () => { throw new Error("mine"); }).then(() => console.log("built"));`,
    );
    const child = spawnSync(process.execPath, [path], { encoding: "utf8", timeout: 25_000 });
    expect(child.stdout).toMatch(/^(mine\n)+built\n$/);
    expect(existsSync(enginePath)).toBe(true);
  });

  test("ends with the worker that asked for it", async () => {
    const { path, enginePath } = script(
      `addon.buildEngine(options, () => require("node:worker_threads").parentPort.postMessage("on"));`,
    );
    const worker = new Worker(path);
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    expect(existsSync(`${enginePath}.part`)).toBe(false);
    await addon.buildEngine(options({ enginePath }), quiet); // its place is free
  });
});
