import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectSsh, quoteArgument, type SshConnection } from "../../../fleet/ssh/index.ts";
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
});

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
