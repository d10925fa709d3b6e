import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FleetError } from "../../../fleet/errors/index.ts";
import { SshPool, uploadFile } from "../../../fleet/ssh/index.ts";
import { type Conduct, Relay } from "./relay.ts";
import { removeSshd, sshdMissing, startSshd, type TestSshd } from "./sshd.ts";

const DATA = randomBytes(1_500_000);
const PATIENT_MS = 60_000;

describe.skipIf(sshdMissing)(`a file over a bad link${sshdMissing}`, () => {
  let server: TestSshd;

  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(async () => {
    await server.stop();
    removeSshd(server);
  });

  /** Sends a file through a relay; resolves to how it went. */
  async function send(name: string, data: Buffer, stallMs: number, conducts: readonly Conduct[]) {
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
          onProgress: (bytes) => progress.push(bytes),
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

  test("of 24 kB/s arrives, though it takes longer than a stall may last", async () => {
    const stallMs = 4_000;
    const sent = await send("slow", DATA.subarray(0, 120_000), stallMs, [
      { bytesPerSecond: 24_000 },
    ]);
    expect(sent).toMatchObject({ whole: true, retries: [] });
    expect(sent.tookMs).toBeGreaterThan(stallMs);
  });

  test("that is cut half-way goes on behind what has arrived", async () => {
    // The rest is too slow for the link to be cut before the board has told of the beginning.
    const cut = { bytesPerSecond: 1_500_000, cutAfter: 900_000 };
    const sent = await send("cut", DATA, PATIENT_MS, [cut, {}]);
    expect(sent.whole).toBe(true);
    expect(sent.retries.map(({ code }) => code)).toEqual(["SSH_UNREACHABLE"]);
    expect(sent.carried[1]).toBeLessThan(DATA.length - 500_000);
    expect(sent.progress).toEqual(sent.progress.toSorted((a, b) => a - b));
  });

  test("that goes silent half-way is given up after the stall, and another goes on", async () => {
    const silent = { bytesPerSecond: 1_500_000, silentAfter: 900_000 };
    const sent = await send("silent", DATA, 1_500, [silent, {}]);
    expect(sent.whole).toBe(true);
    expect(sent.retries.map(({ code }) => code)).toEqual(["SSH_TIMEOUT"]);
    expect(sent.carried[1]).toBeLessThan(DATA.length - 500_000);
  });
});
