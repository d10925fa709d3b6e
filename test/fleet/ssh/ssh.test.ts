import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connectSsh,
  quoteArgument,
  type SshConnection,
  SshPool,
  type SshSession,
  uploadFile,
} from "../../../fleet/ssh/index.ts";
import { failureOf } from "./failure-of.ts";
import { removeSshd, sshdMissing, sshdOfBlock, startSshd } from "./sshd.ts";

describe.skipIf(sshdMissing)(`SSH to a real OpenSSH server${sshdMissing}`, () => {
  const server = sshdOfBlock();
  let connection: SshConnection;

  beforeAll(async () => {
    connection = await connectSsh(server.target);
  });
  afterAll(() => connection.close());

  describe("host key", () => {
    test("is reported as ssh-keygen prints it when none is pinned", () => {
      expect(connection.hostKey).toBe(server.fingerprints.ed25519);
    });

    test.each(["ed25519", "rsa"] as const)(
      "pinned to the server's %s key is accepted",
      async (type) => {
        const hostKey = server.fingerprints[type];
        const pinned = await connectSsh({ ...server.target, hostKey });
        expect(pinned.hostKey).toBe(hostKey);
        pinned.close();
      },
    );

    test("other than the pinned one is refused at once, naming both", async () => {
      const hostKey = `SHA256:${"A".repeat(43)}`;
      const error = await failureOf(connectSsh({ ...server.target, hostKey }));
      expect(error.code).toBe("SSH_HOST_KEY_MISMATCH");
      expect(error.message).toContain(hostKey);
      expect(error.message).toContain(server.fingerprints.ed25519);
    });
  });

  describe("connecting", () => {
    test("with a key the server does not know fails without a second attempt", async () => {
      let retries = 0;
      const error = await failureOf(
        connectSsh(
          { ...server.target, privateKeyPath: join(server.dir, "stranger") },
          { onRetry: () => (retries += 1) },
        ),
      );
      expect(error.code).toBe("SSH_AUTH");
      expect(retries).toBe(0);
    });

    test.each([
      ["absent", "no-such-file"],
      ["not a key", "sshd_config"],
    ])("with a key file that is %s names the path", async (_what, file) => {
      const path = join(server.dir, file);
      const error = await failureOf(connectSsh({ ...server.target, privateKeyPath: path }));
      expect(error.code).toBe("SSH_KEY_UNREADABLE");
      expect(error.message).toContain(path);
    });

    test("to a port where nobody listens tries again until the deadline and tells why", async () => {
      let retries = 0;
      const error = await failureOf(
        connectSsh(
          { ...server.target, port: 1 },
          { deadlineMs: 700, onRetry: () => (retries += 1) },
        ),
      );
      expect(error.code).toBe("SSH_UNREACHABLE");
      expect(error.message).toContain("ECONNREFUSED");
      expect(retries).toBeGreaterThan(0);
    });

    test("succeeds as soon as the server is back", async () => {
      const other = await startSshd();
      await other.stop();
      let back: Promise<void> | undefined;
      const late = await connectSsh(other.target, { onRetry: () => void (back ??= other.start()) });
      expect(await late.run("echo back")).toBe("back\n");
      late.close();
      await back;
      await other.stop();
      removeSshd(other);
    });

    test("to a server that never speaks ends at the attempt's deadline", async () => {
      const silent = await listen();
      const port = (silent.address() as { port: number }).port;
      const error = await failureOf(
        connectSsh({ ...server.target, port }, { attemptMs: 150, deadlineMs: 250 }),
      );
      expect(error.code).toBe("SSH_TIMEOUT");
      silent.close();
    });

    test("is cancelled by the signal", async () => {
      const cancel = new AbortController();
      const attempt = connectSsh(
        { ...server.target, port: 1 },
        { signal: cancel.signal, onRetry: () => cancel.abort() },
      );
      expect((await failureOf(attempt)).code).toBe("CANCELLED");
    });
  });

  describe("a command", () => {
    test("gives both streams and the exit code", async () => {
      const result = await connection.exec("cat; echo warn >&2; exit 3", { input: "hello" });
      expect(result).toEqual({
        stdout: "hello",
        stderr: "warn\n",
        exitCode: 3,
        signal: null,
        truncated: false,
      });
    });

    test("ended by a signal names the signal", async () => {
      const result = await connection.exec("kill -TERM $$");
      expect(result).toMatchObject({ exitCode: null, signal: "TERM" });
    });

    test("that fails raises SSH_COMMAND_FAILED with what it said", async () => {
      const error = await failureOf(connection.run("echo no such unit >&2; exit 5"));
      expect(error.code).toBe("SSH_COMMAND_FAILED");
      expect(error.message).toMatch(/exit code 5: no such unit/);
    });

    test("that hangs ends at its deadline and leaves the connection usable", async () => {
      const error = await failureOf(connection.run("sleep 60", { timeoutMs: 150 }));
      expect(error.code).toBe("SSH_TIMEOUT");
      expect(await connection.run("echo still here")).toBe("still here\n");
    });

    test("is ended by the signal", async () => {
      const cancel = new AbortController();
      const running = connection.run("sleep 60", { signal: cancel.signal });
      cancel.abort();
      expect((await failureOf(running)).code).toBe("CANCELLED");
    });

    test("keeps no more output than allowed", async () => {
      const result = await connection.exec("head -c 100000 /dev/zero", { maxOutputBytes: 1000 });
      expect(result.stdout).toHaveLength(1000);
      expect(result.truncated).toBe(true);
    });

    test("under way when the connection ends fails as unreachable", async () => {
      const own = await connectSsh(server.target);
      const running = failureOf(own.run("sleep 60"));
      own.client.destroy();
      expect((await running).code).toBe("SSH_UNREACHABLE");
      expect(own.isOpen).toBe(false);
    });

    test.each(["plain", "two words", "it's", '$HOME `id` "x" ;', ""])(
      "takes %j as one argument when quoted",
      async (text) => {
        expect(await connection.run(`printf %s ${quoteArgument(text)}`)).toBe(text);
      },
    );
  });

  describe("a file sent", () => {
    test("arrives whole with its mode, with progress up to its size, and no temporary file stays", async () => {
      const data = randomBytes(3_000_001);
      const local = join(server.dir, "local.bin");
      writeFileSync(local, data);
      const remotePath = join(server.dir, "remote.bin");
      const progress: number[] = [];
      await uploadFile(connection, {
        source: { path: local },
        remotePath,
        mode: 0o640,
        digest: digestOf(data),
        onProgress: (sent) => progress.push(sent),
      });
      expect(readFileSync(remotePath).equals(data)).toBe(true);
      expect(statSync(remotePath).mode & 0o777).toBe(0o640);
      expect(progress.at(-1)).toBe(data.length);
      expect(partFiles()).toEqual([]);
    });

    test("replaces what was there", async () => {
      const remotePath = join(server.dir, "replaced.txt");
      for (const text of ["first version", "second"]) {
        await uploadFile(connection, {
          source: { data: Buffer.from(text) },
          remotePath,
          mode: 0o600,
        });
      }
      expect(readFileSync(remotePath, "utf8")).toBe("second");
    });

    test("that is empty arrives empty", async () => {
      const remotePath = join(server.dir, "empty");
      await uploadFile(connection, { source: { data: Buffer.alloc(0) }, remotePath, mode: 0o600 });
      expect(statSync(remotePath).size).toBe(0);
    });

    test("to ten places at once is in each of them what it is here", async () => {
      const data = randomBytes(1_000_000);
      const local = join(server.dir, "shared.bin");
      writeFileSync(local, data);
      const paths = Array.from({ length: 10 }, (_, at) => join(server.dir, `shared-${at}`));
      const source = { path: local };
      await Promise.all(
        paths.map((remotePath) => uploadFile(connection, { source, remotePath, mode: 0o600 })),
      );
      expect(paths.every((path) => readFileSync(path).equals(data))).toBe(true);
    });

    test("that is written anew meanwhile, also shorter, is told as changed here", async () => {
      const [local, remotePath] = [join(server.dir, "built.bin"), join(server.dir, "built")];
      const data = randomBytes(3_000_000);
      const digest = digestOf(data);
      const order = { source: { path: local }, remotePath, mode: 0o600, digest };
      for (const other of [Buffer.alloc(data.length), Buffer.alloc(10)]) {
        writeFileSync(local, data);
        const sending = uploadFile(connection, {
          ...order,
          onProgress: () => writeFileSync(local, other),
        });
        const error = await failureOf(sending);
        expect(error).toMatchObject({ code: "FILE_CHANGED", retryable: true });
        expect(error.hint).toContain("Wait until what writes it has ended");
      }
      // Whole again in the end, as after a build.
      writeFileSync(local, data);
      await uploadFile(connection, order);
      expect(readFileSync(remotePath).equals(data)).toBe(true);
    });

    test("that something on the board writes into is told as that, and arrives the next time", async () => {
      const remotePath = join(server.dir, "disturbed");
      const data = randomBytes(3_000_000);
      const [source, digest] = [{ data }, digestOf(data)];
      const error = await failureOf(
        uploadFile(connection, {
          ...{ source, remotePath, mode: 0o600, digest },
          onProgress: () => {
            // What is told last may be heard when the board has looked at it and thrown it away.
            if (!existsSync(`${remotePath}.part`)) return;
            const part = openSync(`${remotePath}.part`, "r+");
            writeSync(part, "other", 0);
            closeSync(part);
          },
        }),
      );
      expect(error.message).toMatch(
        /content sha256:.* instead of sha256:.*This machine sent the right bytes/,
      );
      expect(error.hint).toMatch(/Run `up` again.*another program that writes there/);
      await uploadFile(connection, { source, remotePath, mode: 0o600, digest });
      expect(readFileSync(remotePath).equals(data)).toBe(true);
    });

    test("is given up with what its progress throws, and the connection goes on", async () => {
      const [remotePath, why] = [join(server.dir, "watched"), new Error("the screen is gone")];
      const order = { source: { data: randomBytes(3_000_000) }, remotePath, mode: 0o600 };
      const onProgress = () => {
        throw why;
      };
      await expect(uploadFile(connection, { ...order, onProgress })).rejects.toBe(why);
      expect(connection.isOpen).toBe(true);
      await uploadFile(connection, order);
      expect(readFileSync(remotePath).equals(order.source.data)).toBe(true);
    });

    test("whose content is not what its digest says leaves the old file in place", async () => {
      const remotePath = join(server.dir, "kept.txt");
      writeFileSync(remotePath, "old");
      const error = await failureOf(
        uploadFile(connection, {
          source: { data: Buffer.from("damaged") },
          remotePath,
          mode: 0o600,
          digest: digestOf(Buffer.from("intended")),
        }),
      );
      expect(error.code).toBe("FILE_CHANGED");
      expect(error.message).toContain("content sha256:");
      expect(readFileSync(remotePath, "utf8")).toBe("old");
      expect(partFiles()).toEqual([]);
    });

    test("into a folder that does not exist names the path", async () => {
      const remotePath = join(server.dir, "absent", "file");
      const error = await failureOf(
        uploadFile(connection, { source: { data: Buffer.from("x") }, remotePath, mode: 0o600 }),
      );
      expect(error.code).toBe("SSH_COMMAND_FAILED");
      expect(error.message).toContain(remotePath);
    });

    test("and cancelled half-way leaves the old file in its place, and the next goes on", async () => {
      const cancel = new AbortController();
      const remotePath = join(server.dir, "cancelled.bin");
      writeFileSync(remotePath, "old");
      const data = randomBytes(8_000_000);
      const own = await connectSsh(server.target);
      const order = { source: { data }, remotePath, mode: 0o600 };
      const error = await failureOf(
        uploadFile(own, { ...order, signal: cancel.signal, onProgress: () => cancel.abort() }),
      );
      expect(error.code).toBe("CANCELLED");
      expect(own.isOpen).toBe(false);
      expect(readFileSync(remotePath, "utf8")).toBe("old");
      const progress: number[] = [];
      await uploadFile(connection, { ...order, onProgress: (sent) => progress.push(sent) });
      expect(progress[0]).toBeGreaterThan(0);
      expect(readFileSync(remotePath).equals(data)).toBe(true);
      expect(partFiles()).toEqual([]);
    });

    function partFiles(): string[] {
      return readdirSync(server.dir).filter((name) => name.includes(".part"));
    }
  });

  describe("the pool", () => {
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
  });
});

function digestOf(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** Ends the process of sshd that serves this connection, as a crash would. */
const CUT_CONNECTION = "kill -9 $PPID";

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

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
