import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createLog } from "../../agent/report/log.ts";
import type { PipelineOptions } from "../../agent/supervise/ipc/pipeline.ts";
import { ownBytes } from "../../agent/supervise/memory-watch.ts";
import { forkRunner } from "../../agent/supervise/runner-child.ts";
import type { RunnerMessage } from "../../agent/supervise/runner-message.ts";
import { RunnerProcess } from "../../agent/supervise/runner-process.ts";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import type { FleetError } from "../../fleet/errors/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { HostileCamera, type Hostility } from "../cameras/hostile-camera.ts";
import { RtspCamera } from "../cameras/rtsp-camera.ts";
import { ZOO } from "../cameras/zoo.ts";
import { FULL } from "../support/long-form.ts";
import { ADDON_PATH, Fixture, model } from "./addon.ts";

const MIB = 2 ** 20;
/** What a runner with a tiny model may have here; about 60 MiB when its camera is well behaved. */
const LIMIT_BYTES = 256 * MIB;
/** One look at the memory may be late on a busy machine, and a camera on the same machine is fast. */
const OVERSHOOT_BYTES = 512 * MIB;
/** By the time it is told. A camera that redirects is asked some more until its connection is closed. */
const REQUESTS = 1000;

const fixture = new Fixture();
const bundle = fixture.file("agent.cjs");
beforeAll(() => {
  const build = resolve(import.meta.dirname, "../../agent/build.mjs");
  execFileSync(process.execPath, [build, bundle]);
});
afterAll(() => fixture.dispose());

interface Life {
  runner: RunnerProcess;
  messages: RunnerMessage[];
  /** What ended it; undefined while it lives. */
  end?: FleetError | null;
  peakBytes: number;
  /** That its camera had by the time it was told. */
  requests: number;
}

function live(uri: string, onChange: () => void = () => undefined): Life {
  const rest = fixture.options();
  const digest = sha256Digest(readFileSync(fixture.model));
  const life: Omit<Life, "runner"> = { messages: [], peakBytes: 0, requests: 0 };
  const runner = new RunnerProcess({
    launch: forkRunner(bundle),
    addonPath: ADDON_PATH,
    memoryLimitBytes: LIMIT_BYTES,
    pipeline: {
      ...rest,
      sources: [{ ...fixture.source, name: "camera", uri, timeoutMs: 3000, loop: false }],
      model: { ...model(fixture.model), id: digest, digest },
    } as PipelineOptions,
    log: createLog({ write: () => undefined }),
    onStarted: () => undefined,
    onMessage: (message) => {
      life.messages.push(message);
      onChange();
    },
    onEnd: (error) => {
      life.end = error;
      onChange();
    },
  });
  return Object.assign(life, { runner });
}

interface Told {
  code: string;
  message: string;
}

/** What is told of a hostile camera, by its runner or by what ended it, up to the first that is expected. */
async function meet(hostility: Hostility, expected: Told["code"]): Promise<[Told, Life]> {
  await using camera = await new HostileCamera(hostility).start();
  let life: Life | undefined;
  const watch = setInterval(() => void (life && look(life)), 50);
  try {
    const told = await new Promise<Told>((tell) => {
      const heard = (one: Told): void => {
        last = one;
        if (one.code === expected) tell(one);
      };
      let last: Told = { code: "nothing", message: "was told" };
      setTimeout(() => tell(last), 30_000).unref();
      const met: Life = live(camera.uri, () => {
        if (met.end) heard(met.end);
        for (const one of met.messages.splice(0)) {
          if (one.type === "source" && one.error) heard(one.error);
        }
      });
      life = met;
    });
    if (life === undefined) throw new Error("no runner");
    life.requests = camera.requests;
    return [told, life];
  } finally {
    clearInterval(watch);
    await life?.runner.stop();
  }
}

async function look(life: Life): Promise<void> {
  const bytes = life.runner.pid === undefined ? null : await ownBytes(life.runner.pid);
  life.peakBytes = Math.max(life.peakBytes, bytes ?? 0);
}

/** By animal: the code that is told, words of its message, and how long that may take on a busy machine. */
const TOLD: Record<keyof typeof ZOO, [string, RegExp]> = {
  "endless headers": [
    "SOURCE_UNREACHABLE",
    /did not answer .* kept its connection from being closed/,
  ],
  "one header without an end": ["SOURCE_UNREACHABLE", /did not answer/],
  "an answer that drips": ["SOURCE_UNREACHABLE", /did not answer .* kept its connection/],
  "a description that drips": ["SOURCE_UNREACHABLE", /did not answer .* kept its connection/],
  "a description of 2 GiB": [
    "RUNNER_MEMORY",
    /was ended because it had come to \d+\.\d MB of memory/,
  ],
  "a length beyond numbers": ["SOURCE_UNREACHABLE", /Parse error/],
  "a negative length": ["SOURCE_UNREACHABLE", /Parse error/],
  "a redirect to itself": ["SOURCE_REDIRECT", /redirects without end: 24 requests/],
  "a log-in that is never enough": ["SOURCE_AUTH_MISSING", /asks for user and password/],
  "20,000 tracks": ["SOURCE_UNREACHABLE", /(does|did) not answer/],
  "packets before any answer": ["SOURCE_UNREACHABLE", /did not answer/],
  "a picture without an end": ["RUNNER_MEMORY", /was ended because/],
  "a sender of many names": ["SOURCE_SILENT", /sent no picture/],
  "a picture of 16384 by 16384": ["SOURCE_FORMAT", /Cannot decode/],
};

/** One of each kind of harm: time, memory, processor. */
const SHORT = [
  "endless headers",
  "a description of 2 GiB",
  "a redirect to itself",
  "a picture without an end",
];
const animals = FULL ? Object.keys(ZOO) : SHORT;

// A flood takes a processor for itself.
vi.setConfig({ maxConcurrency: 2 });

describe("a hostile camera", () => {
  let good: RtspCamera;
  let neighbour: Life;
  const numbers: number[] = [];
  const states: string[] = [];
  const figures: Record<string, { seconds: string; peakMib: number; told: string }> = {};

  beforeAll(async () => {
    good = await new RtspCamera({ fps: 5 }).start();
    neighbour = live(good.uri(), () => {
      for (const message of neighbour.messages.splice(0)) {
        if (message.type === "source") states.push(message.state);
        if (message.type !== "frames") continue;
        const frames = JSON.parse(Buffer.from(message.json).toString("utf8")) as DetectedFrame[];
        numbers.push(...frames.map((frame) => frame.sourceFrame ?? -1));
      }
    });
    await vi.waitUntil(() => numbers.length > 5, { timeout: 30_000 });
    numbers.splice(0);
  });
  afterAll(async () => {
    if (FULL) console.table(figures);
    await neighbour.runner.stop();
    await good[Symbol.asyncDispose]();
  });

  test.concurrent.each(animals)(
    "%s is told for what it is, within bounds",
    {
      timeout: 60_000,
    },
    async (name) => {
      const hostility = ZOO[name];
      if (hostility === undefined) throw new Error(`no animal ${name}`);
      const beganMs = performance.now();
      const [code, words] = TOLD[name] ?? ["", /^$/];
      const [told, life] = await meet(hostility, code);
      figures[name] = {
        seconds: ((performance.now() - beganMs) / 1000).toFixed(1),
        peakMib: Math.round(life.peakBytes / MIB),
        told: `${told.code}: ${told.message.replace(/rtsp:[^ ]+/, "rtsp://…")}`,
      };
      expect(told).toMatchObject({ code, message: expect.stringMatching(words) as string });
      expect(life.requests).toBeLessThan(REQUESTS);
      expect(life.peakBytes).toBeLessThan(LIMIT_BYTES + OVERSHOOT_BYTES);
    },
  );

  test("leaves the frames of its neighbour alone", async () => {
    const seen = numbers.length;
    await expect.poll(() => numbers.length).toBeGreaterThan(seen);
    expect(neighbour.end).toBeUndefined();
    expect(states).toEqual(["connecting", "playing"]);
    const passed = (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) + 1;
    // A live source drops what comes while the machine has no time for it at all.
    expect(passed - numbers.length).toBeLessThanOrEqual(passed / 5);
  });
});
