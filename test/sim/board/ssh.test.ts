import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedBoard } from "../../../fleet/sim/board/index.ts";
import { Bench, refusal, run, titled } from "./bench.ts";

describe.skipIf(refusal !== null)(titled("the SSH server of a simulated board"), () => {
  let bench: Bench;
  let board: SimulatedBoard;
  beforeAll(async () => {
    bench = new Bench();
    board = await bench.start();
  });
  afterAll(() => bench.close());

  it.each([
    ["true", 0],
    ["exit 3", 3],
    ["no-such-program", 127],
  ])("passes the exit code of %j on", async (command, code) => {
    expect((await bench.ssh(board, command)).code).toBe(code);
  });

  it("keeps standard output and standard error apart", async () => {
    const result = await bench.ssh(board, "echo out; echo err >&2");
    expect(result).toMatchObject({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  it("feeds standard input and its end to the command", async () => {
    expect((await bench.ssh(board, "wc -c", [], "x".repeat(100_000))).stdout.trim()).toBe("100000");
  });

  it("lets a script open its standard streams by path, as under sshd", async () => {
    const result = await bench.ssh(
      board,
      "install -m 600 /dev/stdin /tmp/f; tee /dev/stderr < /tmp/f",
      [],
      "text",
    );
    expect(result).toMatchObject({ code: 0, stdout: "text", stderr: "text" });
  });

  it("reports death by a signal as such", async () => {
    const client = await connectClient(board, bench);
    const ended = await execEnd(client, "kill -KILL $$");
    client.end();
    expect(ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("delivers a signal to the whole session and passes the command's own answer on", async () => {
    const client = await connectClient(board, bench);
    const ended = await execEnd(
      client,
      "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done",
      "TERM",
    );
    client.end();
    expect(ended).toEqual({ code: 5, signal: undefined });
  });

  it("gives a terminal when asked", async () => {
    const result = await bench.ssh(board, "tty; exit 4", ["-tt"]);
    expect(result.stdout).toContain("/dev/pts/");
    expect(result.code).toBe(4);
  });

  it("accepts the locale from the client and nothing else", async () => {
    const options = ["-o", "SetEnv=LC_TEST=yes OTHER=no"];
    expect((await bench.ssh(board, "echo $LC_TEST-$OTHER", options)).stdout).toBe("yes-\n");
  });

  it("takes 20 MB by sftp and gives them back unchanged", async () => {
    const path = join(bench.dir, "blob");
    writeFileSync(path, randomBytes(20_000_000));
    const result = await bench.sftp(board, `put ${path} /opt/blob\nget /opt/blob ${path}.back\n`);
    expect(result.code).toBe(0);
    const inside = await board.exec("sha256sum /opt/blob");
    expect(inside.stdout.split(" ")[0]).toBe(digest(path));
    expect(digest(`${path}.back`)).toBe(digest(path));
  });

  it("refuses a key that is not authorized, any password, and unknown users", async () => {
    const other = join(bench.dir, "other");
    bench.makeKey(other);
    const base = [
      "-p",
      String(board.info.sshPort),
      "-o",
      "BatchMode=yes",
      "-o",
      "IdentitiesOnly=yes",
    ];
    const lenient = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const wrongKey = await run("ssh", [
      ...base,
      ...lenient,
      "-i",
      other,
      "nvidia@127.0.0.1",
      "true",
    ]);
    expect(wrongKey.stderr).toContain("Permission denied (publickey)");
    const wrongUser = await run("ssh", [
      ...base,
      ...lenient,
      "-i",
      bench.keyPath,
      "ubuntu@127.0.0.1",
      "true",
    ]);
    expect(wrongUser.stderr).toContain("Permission denied (publickey)");
  });

  it("shows the host key that board.json names", async () => {
    const scanned = await run("ssh-keyscan", ["-p", String(board.info.sshPort), "127.0.0.1"]);
    const printed = await run("ssh-keygen", ["-l", "-f", "-"], scanned.stdout);
    expect(printed.stdout).toContain(board.info.hostKey);
  });

  it("is slow when the board's link is", async () => {
    board.behaviour.sshBytesPerSecond = 500_000;
    const startedAt = Date.now();
    const result = await bench.ssh(board, "head -c 1000000 /dev/zero | tee /dev/stderr | wc -c");
    board.behaviour.sshBytesPerSecond = undefined;
    expect(result.stderr.length).toBe(1_000_000);
    expect(Date.now() - startedAt).toBeGreaterThan(1900);
  });
});

function digest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function connectClient(board: SimulatedBoard, bench: Bench): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client)).once("error", reject);
    client.connect({
      host: "127.0.0.1",
      port: board.info.sshPort,
      username: "nvidia",
      privateKey: readFileSync(bench.keyPath),
    });
  });
}

/** Runs `command`; sends it `signal` once it has printed something. */
function execEnd(
  client: ssh2.Client,
  command: string,
  signal?: string,
): Promise<{ code: number | null; signal: string | undefined }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      channel.once("exit", (code: number | null, died?: string) => resolve({ code, signal: died }));
      channel.on("data", () => signal && channel.signal(signal));
    });
  });
}
