import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connectSsh,
  type SshConnection,
  SshPool,
  type SshSession,
} from "../../../fleet/ssh/index.ts";
import { failureOf } from "./failure-of.ts";
import { CUT_CONNECTION, sshdMissing, sshdOfBlock } from "./sshd.ts";

describe.skipIf(sshdMissing)(
  `the pool of connections to a real OpenSSH server${sshdMissing}`,
  () => {
    const server = sshdOfBlock();
    let connection: SshConnection;

    beforeAll(async () => {
      connection = await connectSsh(server.target);
    });
    afterAll(() => connection.close());

    test("shares one connection among users at the same time and keeps it for the next", async () => {
      const pool = new SshPool(5_000);
      const seen = await Promise.all([1, 2, 3].map(() => pool.use(server.target, {}, portOf)));
      const again = await pool.use(server.target, {}, portOf);
      expect(new Set([...seen, again]).size).toBe(1);
      pool.close();
    });

    test("connects anew after the connection was lost, also for whoever has a session", async () => {
      const pool = new SshPool(5_000);
      await pool.use(server.target, {}, async (session) => {
        const first = await portOf(session);
        expect((await failureOf(session.run(CUT_CONNECTION))).code).toBe("SSH_UNREACHABLE");
        expect(await portOf(session)).not.toBe(first);
      });
      pool.close();
    });

    test("closes a connection that nobody used for a while", async () => {
      const pool = new SshPool(10);
      const first = await pool.use(server.target, {}, portOf);
      await expect.poll(() => isConnected(Number(first))).toBe(false);
      pool.close();
    });

    test("uses no more devices at once than it may, and the others have their turn", async () => {
      const pool = new SshPool(10, 1);
      let most = 0;
      let now = 0;
      const work = async () => {
        most = Math.max(most, ++now);
        await portOf(connection);
        now -= 1;
      };
      // One target after the other, as far as the pool can tell.
      const targets = [1, 2, 3].map((n) => ({ ...server.target, passphrase: `${n}` }));
      await Promise.all(targets.map((target) => pool.use(target, {}, work)));
      expect(most).toBe(1);
      pool.close();
    });

    test("does not let one user's cancellation fail another's connecting", async () => {
      const pool = new SshPool(5_000);
      const cancel = new AbortController();
      const cancelled = failureOf(
        pool.use(server.target, { signal: cancel.signal }, (shared) => shared.run("true")),
      );
      const other = pool.use(server.target, {}, (shared) => shared.run("echo fine"));
      cancel.abort();
      expect((await cancelled).code).toBe("CANCELLED");
      expect(await other).toBe("fine\n");
      pool.close();
    });
  },
);

/** Whether a connection from that port is established (state 01). */
function isConnected(port: number): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return lines.some((line) => line.trim().split(/\s+/)[1]?.endsWith(end) && / 01 /.test(line));
}

/** Of the client's end of the connection. */
async function portOf(session: SshSession): Promise<string> {
  return (await session.run("set -- $SSH_CONNECTION; echo $2")).trim();
}
