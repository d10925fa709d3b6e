import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FleetError } from "../../../fleet/errors/index.ts";
import { SshPool, uploadFile } from "../../../fleet/ssh/index.ts";
import { failureOf } from "./failure-of.ts";
import { type Conduct, Relay } from "./relay.ts";
import { removeSshd, sshdMissing, sshdOfBlock, startSshd } from "./sshd.ts";

const DATA = randomBytes(1_500_000);
const PATIENT_MS = 60_000;

describe.skipIf(sshdMissing)(`a file over a bad link${sshdMissing}`, () => {
  const server = sshdOfBlock();

  /** Sends a file through a relay; resolves to how it went. */
  async function send(
    name: string,
    data: Buffer,
    stallMs: number,
    conducts: readonly Conduct[],
    onProgress: (bytes: number) => void = () => {},
  ) {
    const relay = await Relay.start(server.target.port, conducts);
    const pool = new SshPool();
    const retries: FleetError[] = [];
    const progress: number[] = [];
    const remotePath = join(server.dir, name);
    const started = performance.now();
    try {
      const target = { ...server.target, port: relay.port };
      await pool.use(target, {}, (session) =>
        uploadFile(session, {
          ...{ source: { data }, remotePath, mode: 0o600, stallMs },
          onRetry: (error) => retries.push(error),
          onProgress(bytes) {
            progress.push(bytes);
            onProgress(bytes);
          },
        }),
      );
    } finally {
      pool.close();
      relay.stop();
    }
    const whole = readFileSync(remotePath).equals(data);
    return {
      whole,
      retries,
      progress,
      carried: relay.carried,
      tookMs: performance.now() - started,
    };
  }

  test.concurrent("of 24 kB/s arrives, though it takes longer than a stall may last", async () => {
    const stallMs = 3_000;
    const sent = await send("slow", DATA.subarray(0, 80_000), stallMs, [
      { bytesPerSecond: 24_000 },
    ]);
    expect(sent).toMatchObject({ whole: true, retries: [] });
    expect(sent.tookMs).toBeGreaterThan(stallMs);
  });

  test.concurrent("that is cut half-way goes on behind what has arrived", async () => {
    const told = toldOf(500_000);
    const cut = { cutAfter: 900_000, once: told.promise };
    const sent = await send("cut", DATA, PATIENT_MS, [cut, {}], told.onProgress);
    expect(sent.whole).toBe(true);
    expect(sent.retries.map(({ code }) => code)).toEqual(["SSH_UNREACHABLE"]);
    expect(sent.carried[1]).toBeLessThan(DATA.length - 500_000);
    expect(sent.progress).toEqual(sent.progress.toSorted((a, b) => a - b));
  });

  test.concurrent("that goes silent half-way is given up after the stall, and another goes on", async () => {
    const told = toldOf(500_000);
    const silent = { silentAfter: 900_000, once: told.promise };
    const sent = await send("silent", DATA, 2_500, [silent, {}], told.onProgress);
    expect(sent.whole).toBe(true);
    expect(sent.retries.map(({ code }) => code)).toEqual(["SSH_TIMEOUT"]);
    expect(sent.carried[1]).toBeLessThan(DATA.length - 500_000);
  });

  test("to a server that is stopped half-way is given up, and the next call goes on", async () => {
    const own = await startSshd();
    const relay = await Relay.start(own.target.port, [{ bytesPerSecond: 1_500_000 }, {}]);
    const pool = new SshPool();
    const remotePath = join(own.dir, "stopped");
    const progress: number[] = [];
    const options = { deadlineMs: 30_000 };
    const send = (onProgress: (bytes: number) => void) =>
      pool.use({ ...own.target, port: relay.port }, options, async (session) => {
        const serving = Number(await session.run("echo $PPID"));
        let isStopped = false;
        let stopping = Promise.resolve();
        const stop = (bytes: number) => {
          onProgress(bytes);
          if (isStopped || progress.length > 0 || bytes < 200_000) return;
          isStopped = true;
          options.deadlineMs = 100;
          // As when the service is stopped with all that it runs.
          stopping = own.stop().then(() => void process.kill(serving));
        };
        const order = { source: { data: DATA }, remotePath, mode: 0o600, onProgress: stop };
        try {
          await uploadFile(session, order);
        } finally {
          await stopping;
        }
      });
    const error = await failureOf(send(() => {}));
    // Whoever asks a busy machine may not even hear that nobody is there.
    expect(error.code).toMatch(/^SSH_(UNREACHABLE|TIMEOUT)$/);
    expect(error.message).toMatch(/connection was lost again and again after [2-9]\d{5}: /);
    expect(error.hint).toContain("the next `pulumi up` goes on");
    await own.start();
    options.deadlineMs = 30_000;
    await send((bytes) => progress.push(bytes));
    expect(progress[0]).toBeGreaterThan(200_000);
    expect(readFileSync(remotePath).equals(DATA)).toBe(true);
    pool.close();
    relay.stop();
    await own.stop();
    removeSshd(own);
  });
});

/** Resolves once the board has told of so many bytes. */
function toldOf(least: number): { promise: Promise<void>; onProgress: (bytes: number) => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, onProgress: (bytes) => void (bytes >= least && resolve()) };
}
