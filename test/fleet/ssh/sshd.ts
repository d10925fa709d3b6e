import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
  accounts?: readonly Account[];
}

/** A real OpenSSH server on an ephemeral port, for the login of whoever runs the tests, and for other accounts. */
export async function startSshd({ config = [], accounts }: SshdOptions = {}): Promise<TestSshd> {
  const dir = mkdtempSync(join(tmpdir(), "jetfleet-sshd-"));
  const port = await freePort();
  for (const [type, file] of [
    ["ed25519", "host_ed25519"],
    ["rsa", "host_rsa"],
    ["ed25519", "client"],
    ["ed25519", "stranger"],
  ] as const) {
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", join(dir, file)]);
  }
  const lines = configuration(dir, port);
  writeFileSync(join(dir, "sshd_config"), [...config, lines].join("\n"));
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
      stop = await spawnSshd(within, join(dir, "sshd_config"), port);
    },
    async stop() {
      await stop();
    },
  };
  await server.start();
  return server;
}

export function removeSshd(server: TestSshd): void {
  rmSync(server.dir, { recursive: true, force: true });
}

function configuration(dir: string, port: number): string {
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
    "",
  ].join("\n");
}

async function spawnSshd(
  within: readonly string[],
  config: string,
  port: number,
): Promise<() => Promise<void>> {
  const [command = "", ...args] = [...within, SSHD, "-D", "-e", "-f", config];
  const child = spawn(command, args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const until = Date.now() + 10_000;
  while (!(await answers(port))) {
    if (Date.now() > until || child.exitCode !== null) throw new Error("sshd did not start");
    await sleep(20);
  }
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy());
    socket.once("error", () => resolve(false));
    socket.once("close", (hadError) => resolve(!hadError));
  });
}

function freePort(): Promise<number> {
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
