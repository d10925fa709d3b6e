import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLog } from "../../../agent/report/log.ts";
import { packEnvelope } from "../../../agent/supervise/envelope.ts";
import {
  forkRunner,
  type RunnerEnd,
  type RunnerListener,
} from "../../../agent/supervise/runner-child.ts";
import { errorOfEnd, RunnerProcess } from "../../../agent/supervise/runner-process.ts";
import type { FleetError } from "../../../fleet/errors/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-runner-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One life of a runner that is this program. */
function lifeOf(program: string, memoryLimitBytes = 2 ** 30): Promise<FleetError | null> {
  const bundlePath = join(mkdtempSync(join(folder, "life-")), "runner.cjs");
  writeFileSync(bundlePath, program);
  return new Promise((resolve) => {
    new RunnerProcess({
      launch: forkRunner(bundlePath),
      addonPath: "",
      memoryLimitBytes,
      pipeline: { name: "entrance", sources: [] } as never,
      log: createLog({ write: () => {} }),
      onStarted: () => {},
      onMessage: () => {},
      onEnd: resolve,
    });
  });
}

it("tells a runner's last words, however suddenly it ends", async () => {
  const dies = `
    process.stdout.write("a line before".padEnd(60000, ".") + "\\n");
    process.stderr.write("the driver's last words\\n");
    process.kill(process.pid, "SIGKILL");`;
  const ends = await Promise.all(Array.from({ length: 10 }, () => lifeOf(dies)));
  for (const end of ends) {
    expect(end?.message).toBe(
      "The runner ended by SIGKILL; its last words: the driver's last words",
    );
  }
});

it("does not wait for a process that a dead runner has left behind with its pipes", async () => {
  const leaves = `
    require("node:child_process").spawn("sleep", ["8"], { stdio: "inherit", detached: true }).unref();
    process.stderr.write("gone\\n");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`;
  const beganMs = performance.now();
  expect((await lifeOf(leaves))?.message).toContain("its last words: gone");
  expect(performance.now() - beganMs).toBeLessThan(7000);
});

it("ends a runner that takes all the memory there is, and says so", async () => {
  const eats = `
    console.log("reads a header");
    const eaten = [];
    setInterval(() => eaten.push(Buffer.alloc(2 ** 24, 1)), 10);`;
  const end = await lifeOf(eats, 200 * 2 ** 20);
  expect(end?.code).toBe("RUNNER_MEMORY");
  expect(end?.message).toMatch(
    /^The runner was ended because it had come to \d+\.\d MB of memory; its last words: reads a header$/,
  );
});

it("tells of a runner whose program is not there by its last words", async () => {
  const fork = forkRunner("/nowhere/agent.cjs");
  const end = await new Promise<RunnerEnd>((resolve) => {
    fork(
      { memoryBytes: 2 ** 30 },
      {
        onAnswer: () => undefined,
        onResults: () => true,
        onLine: () => undefined,
        onEnd: resolve,
      },
    );
  });
  expect(errorOfEnd(end).message).toContain("The runner ended with exit code 1; its last words");
});

it("takes a source that only ever connects for a fault, however alive its runner looks", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const fake = new FakeChild();
    const ended = new Promise<FleetError | null>((onEnd) => {
      fake.live(onEnd);
    });
    fake.says("source", { state: "connecting", error: null });
    for (let second = 0; second < 59; second++) {
      fake.says("warning", { error: { code: "SOURCE_LOSS", message: "alive" } });
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(fake.killed).toBe(false);
    fake.says("warning", { error: { code: "SOURCE_LOSS", message: "alive" } });
    await vi.advanceTimersByTimeAsync(1500);
    expect((await ended)?.message).toContain("neither a picture nor an error for 60 s");
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  ["before it said anything", 0, 120],
  ["once it has spoken", 1, 20],
])("ends a runner that is silent %s, and says so", async (_when, words, seconds) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const fake = new FakeChild();
    const ended = new Promise<FleetError | null>((onEnd) => {
      fake.live(onEnd);
    });
    for (let said = 0; said < words; said += 1) {
      fake.says("warning", { error: { code: "SOURCE_LOSS", message: "alive" } });
    }
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(fake.killed).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    const end = await ended;
    expect(end?.code).toBe("RUNNER_CRASHED");
    expect(end?.message).toContain(`${seconds} s`);
  } finally {
    vi.useRealTimers();
  }
});

/** A runner that says what it is told to, and ends when it is killed. */
class FakeChild {
  killed = false;
  #listener: RunnerListener | null = null;

  live(onEnd: (error: FleetError | null) => void): void {
    new RunnerProcess({
      launch: (_, listener) => {
        this.#listener = listener;
        return {
          pid: 1,
          send: () => undefined,
          limitMemory: () => undefined,
          freeze: () => undefined,
          kill: () => this.#kill(),
        };
      },
      addonPath: "",
      memoryLimitBytes: 2 ** 30,
      pipeline: { name: "entrance", sources: [] } as never,
      log: createLog({ write: () => {} }),
      onStarted: () => {},
      onMessage: () => {},
      onEnd,
    });
  }

  says(type: "source" | "warning", rest: object): void {
    const json = Buffer.from(JSON.stringify({ type, ...rest }));
    this.#listener?.onResults(packEnvelope({ type, modelId: "", frames: 0, json }));
  }

  #kill(): void {
    this.killed = true;
    const none = { lastLine: "", overMemoryBytes: null, notStarted: null };
    this.#listener?.onEnd({ code: null, signal: "SIGKILL", ...none });
  }
}
