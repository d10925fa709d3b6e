import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import type { SshTarget } from "../../../fleet/ssh/index.ts";
import { type Account, withAccounts } from "./accounts.ts";

const SSHD = "/usr/sbin/sshd";
export const sshdMissing = existsSync(SSHD) ? "" : " (skipped: openssh-server is not installed)";

export interface TestSshd {
  target: SshTarget;
  dir: string;
  /** Fingerprints by key type, as ssh-keygen -l prints them. */
  fingerprints: Record<"ed25519" | "rsa", string>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface SshdOptions {
  /** Lines before those of every test: what comes first counts. */
  config?: readonly string[];
  /** `Match` blocks, which come last. */
  match?: readonly string[];
  accounts?: readonly Account[];
}

/** A real OpenSSH server on an ephemeral port, for the login of whoever runs the tests, and for other accounts. */
export async function startSshd({
  config = [],
  match = [],
  accounts,
}: SshdOptions = {}): Promise<TestSshd> {
  const dir = mkdtempSync(join(tmpdir(), "jetfleet-sshd-"));
  const port = await freePort();
  for (const [type, file] of [
    ["ed25519", "host_ed25519"],
    ["rsa", "host_rsa"],
    ["ed25519", "client"],
    ["ed25519", "stranger"],
  ] as const) {
    // The least that both sides take: a longer one takes a second to make.
    const size = type === "rsa" ? ["-b", "2048"] : [];
    execFileSync("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-f", join(dir, file)]);
  }
  const lines = [...config, ...configuration(dir, port), ...match, ""];
  writeFileSync(join(dir, "sshd_config"), lines.join("\n"));
  const within = accounts ? withAccounts(dir, accounts) : [];
  // sshd started by root insists on its privilege separation folder.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  let stop = () => Promise.resolve();
  const server: TestSshd = {
    dir,
    fingerprints: {
      ed25519: fingerprint(join(dir, "host_ed25519.pub")),
      rsa: fingerprint(join(dir, "host_rsa.pub")),
    },
    target: {
      host: "127.0.0.1",
      port,
      user: userInfo().username,
      privateKeyPath: join(dir, "client"),
    },
    async start() {
      const command = [...within, SSHD, "-D", "-e", "-f", join(dir, "sshd_config")];
      stop = await spawnServer(command, port);
    },
    async stop() {
      await stop();
    },
  };
  await server.start();
  return server;
}

/** A server for the tests of a block, there from before the first until after the last. */
export function sshdOfBlock(options: () => SshdOptions = () => ({})): TestSshd {
  const server = {} as TestSshd;
  beforeAll(async () => {
    Object.assign(server, await startSshd(options()));
  });
  afterAll(async () => {
    await server.stop();
    removeSshd(server);
  });
  return server;
}

export function removeSshd(server: TestSshd): void {
  rmSync(server.dir, { recursive: true, force: true });
}

function configuration(dir: string, port: number): string[] {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(dir, "host_ed25519")}`,
    `HostKey ${join(dir, "host_rsa")}`,
    `AuthorizedKeysFile ${join(dir, "client.pub")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
  ];
}

/** Starts a server that stays in the foreground and resolves to what stops it as soon as the port answers. */
export async function spawnServer(
  [command = "", ...args]: readonly string[],
  port: number,
): Promise<() => Promise<void>> {
  const child = spawn(command, args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const until = Date.now() + 10_000;
  while (!(await answers(port))) {
    if (Date.now() > until || child.exitCode !== null)
      throw new Error(`no server at port ${port}: ${command} ${args.join(" ")}`);
    await sleep(20);
  }
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy());
    socket.once("error", () => resolve(false));
    socket.once("close", (hadError) => resolve(!hadError));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function fingerprint(publicKeyFile: string): string {
  return (
    execFileSync("ssh-keygen", ["-lf", publicKeyFile], { encoding: "utf8" }).split(" ")[1] ?? ""
  );
}

/** Ends the process of sshd that serves this connection, as a crash would. */
export const CUT_CONNECTION = "kill -9 $PPID";
