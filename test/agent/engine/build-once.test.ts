import { afterEach, describe, expect, it } from "vitest";
import { buildOnce } from "../../../agent/engine/build-once.ts";
import type { Conditions } from "../../../agent/engine/obstacle.ts";
import { createLog } from "../../../agent/report/log.ts";
import { packEnvelope } from "../../../agent/supervise/envelope.ts";
import type { FromRunner, ToRunner } from "../../../agent/supervise/ipc/orders.ts";
import type { RunnerChild, RunnerListener } from "../../../agent/supervise/runner-child.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

const ENGINE = Buffer.from("the engine of a model");
const DIGEST = sha256Digest(ENGINE);
const ENDED = { code: 0, signal: null, lastLine: "", overMemoryBytes: null, notStarted: null };
const ROOMY: Conditions = { freeDiskBytes: 1e12, freeMemoryBytes: 1e12, hottestCelsius: 40 };

/** A builder that does what the test tells it, and what it is asked for. */
class Builder implements RunnerChild {
  readonly pid = 1;
  readonly orders: ToRunner["type"][] = [];
  /** Where it was told that an earlier builder's timings lie. */
  timingsAt: string | undefined;
  readonly frozen: boolean[] = [];
  isGone = false;
  readonly #listener: RunnerListener;

  constructor(listener: RunnerListener) {
    this.#listener = listener;
  }

  send(order: ToRunner): void {
    this.orders.push(order.type);
    if (order.type === "build") this.timingsAt = order.options.timingCachePath;
    if (order.type === "stop") this.kill();
    if (order.type === "read-engine")
      this.tellPiece(ENGINE.subarray(order.offset, order.offset + 8));
  }

  limitMemory(): void {}

  freeze(isFrozen: boolean): void {
    this.frozen.push(isFrozen);
  }

  kill(): void {
    if (this.isGone) return;
    this.isGone = true;
    setImmediate(() => this.#listener.onEnd(ENDED));
  }

  tell(message: FromRunner): void {
    this.#listener.onAnswer(message);
  }

  tellPiece(json: Uint8Array, type: "engine" | "stats" | "timing-cache" = "engine"): void {
    this.#listener.onResults(packEnvelope({ type, modelId: "", frames: 0, json }));
  }

  tellRaw(bytes: Buffer): void {
    this.#listener.onResults(bytes);
  }
}

const builders: Builder[] = [];
let board = ROOMY;
let looks = 0;
const abort = { current: new AbortController() };
afterEach(() => {
  abort.current.abort();
  abort.current = new AbortController();
  builders.length = 0;
  board = ROOMY;
});

const seen: Record<string, unknown>[] = [];

/** What builders found out, by the digest of the key. */
const timings = new Map<string, Uint8Array>();

/** A build under way; resolves with the bytes that were kept. */
async function build(): Promise<string> {
  let kept = "";
  const libraries = { backendPath: "/backend", runtimePath: "/library" };
  const recipe = {
    form: "cpu" as const,
    key: { text: "key", digest: sha256Digest("key") },
    reference: null,
    build: { ...libraries, accelerator: "cpu", threads: 1, keepsTimings: true },
  };
  const outputs = { labels: ["person"], decoder: "yolox" as const };
  const model = { digest: sha256Digest("model"), sizeBytes: 1000, ...outputs };
  await buildOnce(model, recipe, abort.current.signal, {
    launch: (_limits, listener) => {
      const builder = new Builder(listener);
      builders.push(builder);
      return builder;
    },
    addonPath: "/addon",
    objectPath: () => "/model",
    conditions: () => {
      looks += 1;
      return Promise.resolve(board);
    },
    heat: { coolCelsius: 75, hotCelsius: 85 },
    simulatedMs: () => Promise.resolve(null),
    timings: {
      pathOf: (key) => Promise.resolve(timings.has(key) ? `/timings/${key}` : null),
      keep: (key, cache) => {
        timings.set(key, Buffer.from(cache));
        return Promise.resolve();
      },
    },
    planOf: () => null,
    lookMs: 10,
    log: createLog({ write: () => {} }),
    onChange: (state) => void seen.push(state),
    keep: async ({ digest, sizeBytes }, seconds, bytes) => {
      for await (const piece of bytes) kept += Buffer.from(piece).toString();
      const names = {
        key: "key",
        model: DIGEST,
        accelerator: "cpu",
        origin: "built-here" as const,
      };
      return { outcome: "built", ...names, digest, sizeBytes, seconds, atMs: 1 };
    },
  });
  return kept;
}

const until = (condition: () => boolean) => expect.poll(condition, { interval: 5 }).toBe(true);
const builder = (at: number): Builder => builders[at]!;
const UNTRIED = { golden: null, untried: { code: "MODEL_INVALID" as const, message: "labels" } };
const BUILT: FromRunner = {
  ...{ type: "built", sizeBytes: ENGINE.length, digest: DIGEST, held: null, ...UNTRIED },
};

describe("a build", () => {
  it("takes the engine piece by piece, and ends its builder", async () => {
    const kept = build();
    await until(() => builders.length === 1);
    builder(0).tell(BUILT);
    expect(await kept).toBe(ENGINE.toString());
    expect(builder(0).orders.filter((type) => type === "read-engine")).toHaveLength(4);
    expect(builder(0).isGone).toBe(true);
  });

  it("keeps what its builder found out, for the next one to go on from though this one dies", async () => {
    const died = build();
    await until(() => builders.length === 1);
    expect(builder(0).timingsAt).toBe("");
    builder(0).tellPiece(Buffer.from("some kernels"), "timing-cache");
    builder(0).tellPiece(Buffer.from("more kernels"), "timing-cache");
    builder(0).kill();
    await expect(died).rejects.toMatchObject({ code: "RUNNER_CRASHED" });
    const key = sha256Digest("key");
    expect(Buffer.from(timings.get(key) ?? []).toString()).toBe("more kernels");
    const kept = build();
    await until(() => builders.length === 2);
    expect(builder(1).timingsAt).toBe(`/timings/${key}`);
    builder(1).tell(BUILT);
    await kept;
  });

  it("does not begin on a starved board, and begins anew after one that becomes starved", async () => {
    board = { ...ROOMY, freeMemoryBytes: 1e6 };
    const kept = build();
    await until(() => JSON.stringify(seen.at(-1)).includes("BOARD_MEMORY_LOW"));
    expect(builders).toHaveLength(0);
    board = ROOMY;
    await until(() => builders.length === 1);
    board = { ...ROOMY, freeMemoryBytes: 1e6 };
    await until(() => builder(0).isGone);
    expect(builders).toHaveLength(1);
    board = ROOMY;
    await until(() => builders.length === 2);
    builder(1).tell(BUILT);
    expect(await kept).toBe(ENGINE.toString());
  });

  it("stands still on a hot board, once, and goes on when it is cool", async () => {
    const kept = build();
    await until(() => builders.length === 1);
    board = { ...ROOMY, hottestCelsius: 90 };
    await until(() => builder(0).frozen.length === 1);
    board = { ...ROOMY, hottestCelsius: 80 };
    const seenBefore = looks;
    await until(() => looks > seenBefore + 3);
    expect(builder(0).frozen).toEqual([true]);
    board = ROOMY;
    await until(() => builder(0).frozen.length === 2);
    builder(0).tell(BUILT);
    await kept;
    expect(builder(0).frozen.slice(0, 2)).toEqual([true, false]);
  });

  it("that comes to the end of the disk is ended, and says so", async () => {
    const kept = build();
    await until(() => builders.length === 1);
    board = { ...ROOMY, freeDiskBytes: 0 };
    await expect(kept).rejects.toMatchObject({ code: "BOARD_DISK_FULL" });
    expect(builder(0).isGone).toBe(true);
  });

  it("that is called off leaves no builder, also one that stands still", async () => {
    const kept = build();
    await until(() => builders.length === 1);
    board = { ...ROOMY, hottestCelsius: 99 };
    await until(() => builder(0).frozen.length === 1);
    abort.current.abort();
    await expect(kept).rejects.toMatchObject({ code: "CANCELLED" });
    expect(builder(0).isGone).toBe(true);
    expect(builder(0).frozen.at(-1)).toBe(false);
  });

  const lies: [string, (one: Builder) => void, string][] = [
    ["what is no engine", (one) => one.tellPiece(Buffer.from("{}"), "stats"), "RUNNER_CRASHED"],
    ["what is nothing at all", (one) => one.tellRaw(Buffer.alloc(64, 255)), "RUNNER_CRASHED"],
    ["that there is no room", (one) => one.tell(failed(true)), "BOARD_DISK_FULL"],
    ["that the model is bad", (one) => one.tell(failed(false)), "MODEL_INVALID"],
    ["nothing, and ends", (one) => one.kill(), "RUNNER_CRASHED"],
  ];
  it.each(lies)("fails when its builder says %s", async (_, lie, code) => {
    const kept = build();
    await until(() => builders.length === 1);
    lie(builder(0));
    await expect(kept).rejects.toMatchObject({ code });
    expect(builder(0).isGone).toBe(true);
  });

  it("fails when its builder goes while it hands the engine over", async () => {
    const kept = build();
    await until(() => builders.length === 1);
    builder(0).send = () => builder(0).kill();
    builder(0).tell(BUILT);
    await expect(kept).rejects.toMatchObject({ code: "RUNNER_CRASHED" });
  });
});

function failed(noRoom: boolean): FromRunner {
  return { type: "build-failed", error: { code: "MODEL_INVALID", message: "no" }, noRoom };
}
