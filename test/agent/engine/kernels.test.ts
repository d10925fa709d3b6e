import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KernelStore } from "../../../agent/engine/kernel-store.ts";
import { Kernels } from "../../../agent/engine/kernels.ts";
import type { SiliconBuilder } from "../../../agent/engine/recipes.ts";
import type { FromRunner, ToRunner } from "../../../agent/supervise/ipc/orders.ts";
import type { LaunchRunner } from "../../../agent/supervise/runner-child.ts";
import { madeKernel } from "../../fleet/engine/made-kernel.ts";

const ENDED = { code: 0, signal: null, lastLine: "", overMemoryBytes: null, notStarted: null };
const PREPARE = madeKernel("prepare", 87);
const CANDIDATES = madeKernel("candidates", 87);
const NAMES = [CANDIDATES.fileName, PREPARE.fileName].sort();
const both = [PREPARE, CANDIDATES].map(({ bytes }) => bytes.toString("base64"));

let folder: string;
let backendPath: string;
/** What builders were asked, and what the next one answers; null: it ends without a word. */
let orders: ToRunner[];
let answer: FromRunner | null;
let told: string[];
let nvrtc: string | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-kernels-"));
  backendPath = join(folder, "backend.so");
  writeFileSync(backendPath, "a backend");
  orders = [];
  told = [];
  nvrtc = null;
  answer = { type: "kernels", base64: both };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const launch: LaunchRunner = (_limits, listener) => ({
  pid: 1,
  send: (order) => {
    orders.push(order);
    const now = answer;
    setImmediate(() => (now === null ? listener.onEnd(ENDED) : listener.onAnswer(now)));
  },
  limitMemory: () => undefined,
  freeze: () => undefined,
  kill: () => setImmediate(() => listener.onEnd(ENDED)),
});

function silicon(computeCapability = "8.7", absentCard?: string): SiliconBuilder {
  const machine = { computeCapability } as SiliconBuilder["machine"];
  return { backendPath, runtimePath: "/trt", machine, ...(absentCard && { absentCard }) };
}

/** A life of an agent, from its start until kernels are there. */
async function live(machine = silicon(), signal = new AbortController().signal) {
  const store = new KernelStore(folder);
  const kernels = new Kernels({
    ...{ store, launch, addonPath: "/addon", nvrtc: () => Promise.resolve(nvrtc) },
    onEvent: ({ kind, message }) => told.push(`${kind}: ${message}`),
  });
  kernels.tellRefused(await store.open());
  await kernels.bring(machine, signal);
  return { store, kernels };
}

const lying = (): string[] => {
  const kernels = join(folder, "kernels");
  return existsSync(kernels) ? readdirSync(kernels).sort() : [];
};
const path = (name: string): string => join(folder, "kernels", name);

describe("kernels of a backend", () => {
  it("are compiled by a builder once, kept for runners to read, and found by the next life", async () => {
    await live();
    expect(lying()).toEqual(NAMES);
    expect(readFileSync(path(PREPARE.fileName))).toEqual(PREPARE.bytes);
    expect(statSync(path(PREPARE.fileName)).mode & 0o777).toBe(0o640);
    expect(statSync(join(folder, "kernels")).mode & 0o777).toBe(0o710);
    expect(orders).toEqual([
      { type: "kernels", addonPath: "/addon", backendPath, runtimePath: "/trt" },
    ]);
    expect(told).toEqual([
      expect.stringMatching(
        /^kernels-compiled: 2 kernels were compiled by NVRTC 12\.9 in .* s: \d+ bytes$/,
      ),
    ]);
    const { kernels } = await live();
    // Nor by pipelines that ask at once.
    await Promise.all([1, 2].map(() => kernels.bring(silicon(), new AbortController().signal)));
    expect([orders.length, told.length]).toEqual([1, 1]);
  });

  it.each([
    ["cut off", "ENGINE_CUT", (file: string) => writeFileSync(file, PREPARE.bytes.subarray(9))],
    [
      "altered",
      "ENGINE_ALTERED",
      (file: string) => writeFileSync(file, Buffer.alloc(PREPARE.bytes.length)),
    ],
    ["gone", "ENGINE_MISSING", (file: string) => rmSync(file)],
  ])("that are %s are refused with %s and compiled again", async (_what, code, spoil) => {
    await live();
    spoil(path(PREPARE.fileName));
    await live();
    expect(told.slice(1)).toEqual([
      expect.stringMatching(`^kernels-refused: ${code}: .*${PREPARE.fileName}`),
      expect.stringMatching(/^kernels-compiled/),
    ]);
    expect([lying(), orders.length]).toEqual([NAMES, 2]);
  });

  it("that another put there are removed and said, beside its own", async () => {
    const { kernels } = await live();
    writeFileSync(path("strange.kernel"), "code of a stranger");
    await kernels.bring(silicon(), new AbortController().signal);
    expect(told.slice(1)).toEqual([
      expect.stringMatching(/^kernels-refused: ENGINE_FOREIGN: .*strange/),
    ]);
    expect([lying(), orders.length]).toEqual([NAMES, 1]);
  });

  it.each([
    ["of another device", (note: string) => note.replace(/"mac":"...../, '"mac":"00000')],
    ["of no form", () => "{"],
  ])("with a note %s are refused and compiled again", async (_what, change) => {
    await live();
    const note = join(folder, "engine-notes/kernels.json");
    writeFileSync(note, change(readFileSync(note, "utf8")));
    await live();
    expect(
      told.slice(1, -1).every((text) => text.startsWith("kernels-refused: ENGINE_FOREIGN")),
    ).toBe(true);
    expect([told.length, orders.length]).toEqual([5, 2]);
  });

  it("are compiled anew for another backend, another NVRTC and another GPU, which replaces them", async () => {
    await live();
    writeFileSync(backendPath, "a newer backend");
    await live();
    nvrtc = "12.6.68-1";
    await live();
    const newer = madeKernel("prepare", 86, "13.0");
    answer = { type: "kernels", base64: [newer.bytes.toString("base64")] };
    await live(silicon("8.6", "8.6"));
    expect(orders.at(-1)).toMatchObject({ computeCapability: 86 });
    expect([orders.length, lying()]).toEqual([4, [newer.fileName]]);
  });

  it.each<[string, FromRunner | null, RegExp]>([
    [
      "has no compiler",
      { type: "test-failed", error: { code: "NATIVE_LOAD", message: "install NVRTC" } },
      /NATIVE_LOAD: install NVRTC/,
    ],
    ["dies", null, /RUNNER_CRASHED/],
    ["sends none", { type: "kernels", base64: [] }, /ENGINE_FOREIGN: .* but got none/],
    ["sends what is none", { type: "kernels", base64: ["AAAA"] }, /ENGINE_FOREIGN/],
    ["sends one twice", { type: "kernels", base64: [both[0]!, both[0]!] }, /ENGINE_FOREIGN/],
    [
      "sends those of another GPU",
      { type: "kernels", base64: [madeKernel("prepare", 53).bytes.toString("base64")] },
      /sm_87 but got sm_53/,
    ],
  ])("are done without where the builder %s, which is said once", async (_what, bad, words) => {
    answer = bad;
    const { kernels } = await live();
    await kernels.bring(silicon(), new AbortController().signal);
    expect(told).toEqual([expect.stringMatching(words)]);
    expect(told[0]).toMatch(/^kernels-failed: .*each runner compiles its own$/);
    expect(lying()).toEqual([]);
    answer = { type: "kernels", base64: both };
    await kernels.bring(silicon(), new AbortController().signal);
    expect(lying()).toEqual(NAMES);
  });

  it("keep nobody waiting who is called off", async () => {
    await expect(live(silicon(), AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
    expect(told).toEqual([]);
  });
});
