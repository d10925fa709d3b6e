import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BoardOptions,
  type SimulatedBoard,
  startBoard,
} from "../../../fleet/sim/board/index.ts";

/** Why simulated boards cannot run here, or null when they can. */
export const refusal = namespaceRefusal();

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A temporary folder with boards and a client key; `close` stops all and leaves nothing. */
export class Bench {
  readonly dir = mkdtempSync(join(tmpdir(), "jetfleet-sim-"));
  readonly keyPath = join(this.dir, "key");
  readonly #boards: SimulatedBoard[] = [];

  constructor() {
    this.makeKey(this.keyPath);
  }

  makeKey(path: string): void {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
  }

  async start(options: Partial<BoardOptions> = {}): Promise<SimulatedBoard> {
    const name = options.name ?? "door";
    const board = await startBoard({
      name,
      board: "tx2",
      dir: join(this.dir, name),
      authorizedKeys: readFileSync(`${this.keyPath}.pub`, "utf8"),
      ...options,
    });
    this.#boards.push(board);
    return board;
  }

  /** Runs OpenSSH's own client against the board. */
  ssh(board: SimulatedBoard, command: string, options: string[] = [], input = ""): Promise<Result> {
    const { sshPort } = board.info;
    const args = [
      "-p",
      String(sshPort),
      ...this.#clientOptions(),
      ...options,
      "nvidia@127.0.0.1",
      command,
    ];
    return run("ssh", args, input);
  }

  sftp(board: SimulatedBoard, batch: string): Promise<Result> {
    const args = [
      "-q",
      "-P",
      String(board.info.sshPort),
      ...this.#clientOptions(),
      "-b",
      "-",
      "nvidia@127.0.0.1",
    ];
    return run("sftp", args, batch);
  }

  async close(): Promise<void> {
    for (const board of this.#boards) await board.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #clientOptions(): string[] {
    const options = [
      ...["BatchMode=yes", "IdentitiesOnly=yes", `IdentityFile=${this.keyPath}`, "LogLevel=ERROR"],
      ...[
        "StrictHostKeyChecking=accept-new",
        `UserKnownHostsFile=${join(this.dir, "known_hosts")}`,
        "ConnectTimeout=20",
      ],
    ];
    return options.flatMap((option) => ["-o", option]);
  }
}

export function run(program: string, args: string[], input = ""): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Waits until `probe` gives a value; the test's own timeout is the limit. */
export async function until<T>(
  probe: () => T | null | false | Promise<T | null | false>,
): Promise<T> {
  for (;;) {
    const value = await probe();
    if (value !== null && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function namespaceRefusal(): string | null {
  const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  try {
    execFileSync(
      "unshare",
      [...own, "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
      { stdio: "pipe" },
    );
    return null;
  } catch (error) {
    return `namespaces are refused here: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
  }
}

/** Title of a suite that needs boards, with the reason when it is skipped. */
export function titled(title: string): string {
  return refusal === null ? title : `${title} (skipped: ${refusal})`;
}
