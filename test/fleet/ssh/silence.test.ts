import { describe, test } from "vitest";
import { FleetError } from "../../../fleet/errors/index.ts";
import { connectSsh, uploadFile } from "../../../fleet/ssh/index.ts";
import { SilentServer, STEPS } from "./silent-server.ts";

/** Of one step; a dozen servers and clients share this process. */
const STALL_MS = 1_000;
const PATIENT_MS = 60_000;
/** A step, four times for a file as it is tried again, and a slow machine. */
const MOST_STALLS = 12;

/** All that a provisioning does over SSH: connect, a command, a file. */
async function work({ target, folder }: SilentServer, stallMs: number, signal?: AbortSignal) {
  const times = { attemptMs: stallMs, deadlineMs: stallMs, signal };
  const connection = await connectSsh(target, times);
  try {
    await connection.run("true", { timeoutMs: stallMs, signal });
    await uploadFile(connection, {
      ...{ source: { data: Buffer.from("a file") }, remotePath: `${folder}/file`, mode: 0o600 },
      ...{ stallMs, finishMs: stallMs, signal },
    });
  } finally {
    connection.client.destroy();
  }
}

async function endOf(running: Promise<void>): Promise<{ code: string; tookMs: number }> {
  const beganMs = performance.now();
  const error = await running.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FleetError)) throw new Error(`expected a FleetError: ${String(error)}`);
  return { code: error.code, tookMs: performance.now() - beganMs };
}

describe.concurrent("a board that goes silent", () => {
  test("nowhere takes command and file, and every step is asked of it", async ({ expect }) => {
    const server = await SilentServer.start(null);
    await work(server, PATIENT_MS);
    expect(new Set(server.heard)).toEqual(new Set(STEPS));
    server.stop();
  });

  test.for(STEPS)("at %s is given up at the deadline of the step", async (step, { expect }) => {
    // A slow machine may not come that far in time, which says nothing of the step: then with more time.
    for (let stallMs = STALL_MS; ; stallMs *= 4) {
      const server = await SilentServer.start(step);
      const { code, tookMs } = await endOf(work(server, stallMs));
      server.stop();
      if (!server.heard.includes(step) && stallMs < PATIENT_MS / 4) continue;
      expect(code).toBe("SSH_TIMEOUT");
      expect(server.heard).toContain(step);
      expect(tookMs).toBeLessThan(MOST_STALLS * stallMs);
      return;
    }
  });

  test.for(STEPS)("at %s is left at once by whoever calls it off", async (step, { expect }) => {
    const server = await SilentServer.start(step);
    const cancel = new AbortController();
    const running = endOf(work(server, PATIENT_MS, cancel.signal));
    await expect.poll(() => server.heard, { timeout: 20_000, interval: 20 }).toContain(step);
    cancel.abort();
    const { code, tookMs } = await running;
    expect(code).toBe("CANCELLED");
    expect(tookMs).toBeLessThan(PATIENT_MS / 2);
    server.stop();
  });
});
