import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { Decoder } from "../../../fleet/spec/index.ts";
import { KeptTrials } from "../../../infra/provider/model/kept-trials.ts";
import { boundsFor } from "../../../infra/provider/model/trial-process.ts";
import { ModelTrials } from "../../../infra/provider/model/try-model.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-trial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NEVER = new AbortController().signal;
const keptIn = (name: string, fingerprint?: string) =>
  new KeptTrials(() => join(folder, name), ...(fingerprint ? [() => fingerprint] : []));

function orderOf(bytes: Buffer, decoder: Decoder | "auto", labelCount: number) {
  const digest = sha256Digest(bytes);
  const model = join(folder, `${digest.slice(7, 20)}.onnx`);
  writeFileSync(model, bytes);
  return { model, digest, decoder, labelCount };
}

/** A program in place of the agent; `order` is what it was asked. */
function entry(name: string, program: string): string {
  const path = join(folder, `${name}.cjs`);
  const order = "const fs = require('fs'); const order = JSON.parse(process.argv[3]);";
  writeFileSync(path, `${order}\n${program}`);
  return path;
}

const ANSWER = `{type: "tried", decoder: "yolox", reason: "", input: {width: 1, height: 1}, loadMs: 1, warmMs: 1}`;
const TELL = `process.stdout.write(JSON.stringify(${ANSWER}));`;

const failureOf = async (trial: ReturnType<ModelTrials["try"]>) => {
  const got = await trial;
  return "failure" in got ? got.failure : null;
};

describe("a preview tries a model by the agent's own code", () => {
  const trials = new ModelTrials({ kept: keptIn("kept") });
  const tried = (bytes: Buffer, decoder: Decoder | "auto", labelCount: number) =>
    trials.try(orderOf(bytes, decoder, labelCount), bytes.length, NEVER);

  test("and finds out what decoder it is for, and says why", async () => {
    expect(await tried(tinyOnnx(3), "auto", 3)).toMatchObject({
      decoder: "yolox",
      reason: expect.stringContaining(
        "the shapes fit yolox, yolox-decoded, but of real pictures only yolox makes sense",
      ),
    });
  });

  test("and refuses what a device would, in the device's words", async () => {
    const reasons = await Promise.all([
      failureOf(tried(tinyOnnx(3), "yolox", 2)),
      failureOf(tried(tinyOnnx(1, { op: "Teleport" }), "yolox", 1)),
      failureOf(tried(tinyOnnx(1), "yolox-decoded", 1)),
    ]);
    for (const failure of reasons) {
      expect(failure).toMatchObject({ property: "source", code: "MODEL_INVALID" });
    }
    expect(reasons[0]?.reason).toContain("Expected an output of shape [1,84,7] for 2 labels");
    expect(reasons[1]?.reason).toContain("Teleport");
    expect(reasons[2]?.reason).toContain("the outputs mean something else");
  });
});

describe("what was tried is known", () => {
  const order = orderOf(tinyOnnx(1, { producer: "known" }), "yolox", 1);
  const asks = join(folder, "asks");
  const counting = entry("counting", `fs.appendFileSync(${JSON.stringify(asks)}, "."); ${TELL}`);
  const trials = (fingerprint: string) =>
    new ModelTrials({
      kept: keptIn("known", fingerprint),
      bounds: (bytes) => ({ ...boundsFor(bytes), entry: counting }),
    });
  const count = () => (existsSync(asks) ? readFileSync(asks, "utf8").length : 0);

  test("to later commands at no cost, wherever the file lies, until file, specification or code change", async () => {
    const first = trials("one");
    await Promise.all([first.try(order, 1, NEVER), first.try(order, 1, NEVER)]);
    await trials("one").try({ ...order, model: "/elsewhere" }, 1, NEVER);
    expect(count()).toBe(1);
    await trials("one").try({ ...order, labelCount: 2 }, 1, NEVER);
    await trials("one").try({ ...order, digest: sha256Digest(Buffer.from("x")) }, 1, NEVER);
    await trials("two").try(order, 1, NEVER);
    expect(count()).toBe(4);
  });

  test("and not when it was cancelled: the process is gone, and the next asks again", async () => {
    const pids = join(folder, "pids");
    const endless = entry(
      "endless",
      `fs.writeFileSync(${JSON.stringify(pids)}, String(process.pid)); for (;;);`,
    );
    let program = endless;
    const { signal, abort } = cancellable();
    const cancelled = new ModelTrials({
      kept: keptIn("cancelled", "one"),
      bounds: (bytes) => ({ ...boundsFor(bytes), entry: program }),
    });
    const trial = cancelled.try(order, 1, signal);
    await expect.poll(() => existsSync(pids) && readFileSync(pids, "utf8") !== "").toBe(true);
    abort(new Error("enough"));
    await expect(trial).rejects.toThrow("enough");
    expect(() => process.kill(Number(readFileSync(pids, "utf8")), 0)).toThrow("ESRCH");
    program = counting;
    expect(await cancelled.try(order, 1, NEVER)).toMatchObject({ decoder: "yolox" });
  });
});

test("only so many are tried at once, and all are", async () => {
  const running = join(folder, "running");
  const alone = entry(
    "alone",
    `fs.mkdirSync(${JSON.stringify(running)});
     setTimeout(() => { fs.rmdirSync(${JSON.stringify(running)}); ${TELL} }, 20);`,
  );
  const trials = new ModelTrials({
    kept: keptIn("alone", "one"),
    bounds: (bytes) => ({ ...boundsFor(bytes), entry: alone }),
    atOnce: 1,
  });
  const orders = [1, 2, 3].map((labelCount) => orderOf(tinyOnnx(1), "yolox", labelCount));
  const all = await Promise.all(orders.map((order) => trials.try(order, 1, NEVER)));
  for (const trial of all) expect(trial).toMatchObject({ decoder: "yolox" });
});

describe("a model that is hostile to what runs it is refused, and the provider goes on", () => {
  test.each([
    ["crashes it", "process.kill(process.pid, 'SIGSEGV');", {}, /died of it by SIGSEGV/],
    [
      "wants all memory",
      "const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 26, 1));",
      { memoryBytes: 2 ** 30 },
      /ended with exit code 1; its last words: .*(allocation|memory)|died of it by SIGABRT/is,
    ],
    ["never ends", "for (;;);", { deadlineMs: 500 }, /not done with a few pictures after 0.5 s/],
    ["says nonsense", "process.stdout.write('[');", {}, /could not be tried on this machine/],
  ])("one that %s", async (name, program, bounds, said) => {
    const trials = new ModelTrials({
      kept: keptIn("hostile", "one"),
      bounds: (bytes) => ({ ...boundsFor(bytes), entry: entry(name, program), ...bounds }),
    });
    const order = orderOf(tinyOnnx(1, { producer: name }), "yolox", 1);
    expect((await failureOf(trials.try(order, 1, NEVER)))?.reason).toMatch(said);
  });

  test("one whose answer has 5 gigabytes is told that there is no memory for it", async () => {
    const trials = new ModelTrials({ kept: keptIn("vast") });
    const vast = tinyOnnx(1000, { side: 8192 });
    const trial = trials.try(orderOf(vast, "yolox", 1000), vast.length, NEVER);
    expect(await failureOf(trial)).toMatchObject({
      code: "MODEL_INVALID",
      reason: expect.stringContaining("No memory left"),
    });
  });
});

function cancellable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (why: Error) => controller.abort(why) };
}
