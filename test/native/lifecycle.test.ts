import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { ADDON_PATH, addon, Fixture, Run } from "./addon.ts";

const fixture = new Fixture({ seconds: 2 });
afterAll(() => fixture.dispose());

const looped = fixture.options({
  sources: [{ ...fixture.source, loop: true, realtime: false }],
});

/** CommonJS that runs on Node 16 as well: `addon`, `options`, and `body`. */
function script(name: string, body: string): string {
  const path = fixture.file(name);
  const preamble = `const addon = require(${JSON.stringify(ADDON_PATH)});
const options = ${JSON.stringify(looped)};\n`;
  writeFileSync(path, preamble + body);
  return path;
}

function node(path: string, executable = process.execPath, flags: string[] = []) {
  const child = spawnSync(executable, [...flags, path], { encoding: "utf8", timeout: 25_000 });
  return { status: child.status, signal: child.signal, out: child.stdout, err: child.stderr };
}

describe("stop", () => {
  test("may be called twice, and nothing follows it", async () => {
    const messages: string[] = [];
    const pipeline = await addon.startPipeline(looped, (message) => messages.push(message.type));
    await Promise.all([pipeline.stop(), pipeline.stop()]);
    const count = messages.length;
    await pipeline.stop();
    await new Promise((resolve) => setTimeout(resolve, 60)); // long enough for three more batches
    expect(messages.length).toBe(count);
  });

  test("may come as soon as the pipeline is there, many times over", async () => {
    for (let i = 0; i < 10; ++i) {
      const run = await Run.start(looped);
      await run.stop();
    }
    expect(looped.sources[0]?.loop).toBe(true); // each of them was still running
  });

  test("may be called from within a message", async () => {
    const stopped = new Promise<string>((resolve, reject) => {
      const starting = addon.startPipeline(looped, (message) => {
        if (message.type !== "frames") return;
        starting.then((pipeline) => pipeline.stop()).then(() => resolve("stopped"), reject);
      });
    });
    expect(await stopped).toBe("stopped");
  });

  test("refuses a foreign object", async () => {
    const run = await addon.startPipeline(looped, () => {});
    expect(() => run.stop.call({} as never)).toThrow();
    await run.stop();
  });

  test("lets several pipelines run side by side and end apart", async () => {
    const [first, second] = await Promise.all([Run.start(looped), Run.start(looped)]);
    await first.stop();
    const seen = second.frames.length;
    await second.until((run) => run.frames.length > seen + 10);
    expect(second.states).toEqual(["connecting", "playing"]);
    await second.stop();
  });
});

describe("the process ends cleanly", () => {
  test("with process.exit while a pipeline runs", () => {
    const path = script(
      "exit.cjs",
      `addon.startPipeline(options, (m) => { if (m.type === "frames") process.exit(7); });`,
    );
    expect(node(path)).toMatchObject({ status: 7, signal: null, err: "" });
  });

  test("with process.exit while a pipeline is being started", () => {
    for (const delay of [
      "setImmediate(() => process.exit(7))",
      "process.exit(7)",
      "setTimeout(() => process.exit(7), 40)",
    ]) {
      const path = script("exit-early.cjs", `addon.startPipeline(options, () => {}); ${delay};`);
      expect(node(path)).toMatchObject({ status: 7, signal: null, err: "" });
    }
  });

  test("by itself after stop, for nothing holds the event loop", () => {
    const path = script(
      "stop.cjs",
      `addon.startPipeline(options, () => {}).then((p) => p.stop()).then(() => console.log("done"));`,
    );
    expect(node(path)).toMatchObject({ status: 0, out: "done\n", err: "" });
  });

  test("by itself when the model was refused", () => {
    const path = script(
      "refused.cjs",
      `options.model.path = "/nowhere";
       addon.startPipeline(options, () => {}).catch((e) => console.log(e.code));`,
    );
    expect(node(path)).toMatchObject({ status: 0, out: "MODEL_INVALID\n", err: "" });
  });
});

test("a callback that throws is an uncaught exception, and later messages still come", () => {
  const path = script(
    "throws.cjs",
    `let thrown = 0, frames = 0, pipeline;
     process.on("uncaughtException", (e) => { if (e.message === "mine") thrown++; });
     addon.startPipeline(options, (m) => {
       if (m.type !== "frames") return;
       frames++;
       if (frames === 3) pipeline.stop().then(() => console.log(thrown));
       if (frames <= 2) throw new Error("mine");
     }).then((p) => { pipeline = p; });`,
  );
  expect(node(path)).toMatchObject({ status: 0, out: "2\n", err: "" });
});

test("a pipeline goes on although nobody holds its handle, and the process can still end", () => {
  const path = script(
    "collected.cjs",
    `let count = 0;
     const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
     addon.startPipeline(options, () => { count++; }).then(async (handle) => {
       const weak = new WeakRef(handle);
       handle = null;
       for (let i = 0; i < 5; i++) { await wait(50); global.gc(); }
       const before = count;
       while (count < before + 3) await wait(20);
       console.log(weak.deref() === undefined ? "collected" : "kept");
       process.exit(7);
     });`,
  );
  expect(node(path, process.execPath, ["--expose-gc"])).toMatchObject({
    status: 7,
    out: "kept\n",
    err: "",
  });
});

describe("a callback that is slow", () => {
  const slow = `let calls = 0, ticks = 0, drops = [];
     const spin = (ms) => { const until = performance.now() + ms; while (performance.now() < until); };
     const { performance } = require("node:perf_hooks");
     const timer = setInterval(() => { ticks++; }, 1);`;

  test("leaves timers their turn after each of its messages", () => {
    const path = script(
      "slow.cjs",
      `${slow}
       options.batchMs = 0;
       addon.startPipeline(options, (m) => {
         if (m.type !== "frames") return;
         spin(20);
         if (++calls === 40) { console.log(ticks >= 35 ? "in turn" : ticks + " ticks"); process.exit(7); }
       });`,
    );
    expect(node(path)).toMatchObject({ status: 7, out: "in turn\n", err: "" });
  });

  test("loses the oldest frames, and statistics say how many", () => {
    const path = script(
      "drops.cjs",
      `${slow}
       options.batchMs = 0;
       let frames = 0, next = 0, missing = 0, told = 0;
       addon.startPipeline(options, (m) => {
         const value = m.json && JSON.parse(Buffer.from(m.json).toString());
         if (m.type === "frames") {
           for (const { index } of value) { missing += index - next; next = index + 1; }
           if (++frames === 2) spin(1500);
         }
         if (m.type !== "stats") return;
         told = (value.drops.find((d) => d.place === "runner" && d.reason === "event-loop-late") || { total: 0 }).total;
         if (missing > 0 && told >= missing) { console.log(told === missing ? "all told" : told + " of " + missing); process.exit(7); }
       });`,
    );
    expect(node(path)).toMatchObject({ status: 7, out: "all told\n", err: "" });
  });
});

describe("worker threads", () => {
  const body = `const { parentPort } = require("node:worker_threads");
    addon.startPipeline(options, (m) => { if (m.type === "frames") parentPort.postMessage(m.frames); });`;

  test("run pipelines and may be terminated at any moment", async () => {
    for (const waitFor of ["online", "message"] as const) {
      const worker = new Worker(script("worker.cjs", body));
      await new Promise((resolve, reject) => {
        worker.once(waitFor, resolve);
        worker.once("error", reject);
      });
      expect(await worker.terminate()).toBe(1);
    }
    for (const delayMs of [0, 5, 20, 40, 80, 120]) {
      const worker = new Worker(script("worker.cjs", body));
      await new Promise((resolve) => worker.once("online", resolve));
      await new Promise((resolve) => setTimeout(resolve, delayMs)); // the moment is the case
      expect(await worker.terminate()).toBe(1);
    }
  });
});

describe("one file for all versions of Node", () => {
  const modules = join(import.meta.dirname, "../../node_modules");
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const versions = [
    ["Node 16", join(modules, `node16-linux-${arch}/bin/node`)],
    ["the Node of this machine", "/usr/bin/node"],
  ] as const;

  test.each(versions)("%s runs a pipeline, stops it, and exits under way", (_, executable) => {
    if (!existsSync(executable)) return expect(executable).toBe("/usr/bin/node");
    const run = script(
      "version.cjs",
      `let pipeline;
       addon.startPipeline(options, (m) => {
         if (m.type !== "frames" || !pipeline) return;
         const label = JSON.parse(Buffer.from(m.json).toString())[0].detections[0].label;
         const p = pipeline; pipeline = null;
         p.stop().then(() => console.log(label, addon.version));
       }).then((p) => { pipeline = p; });`,
    );
    expect(node(run, executable)).toMatchObject({
      status: 0,
      out: `object ${addon.version}\n`,
      err: "",
    });
    const exit = script(
      "version-exit.cjs",
      `addon.startPipeline(options, (m) => { if (m.type === "frames") process.exit(7); });`,
    );
    expect(node(exit, executable)).toMatchObject({ status: 7, signal: null, err: "" });
  });
});
