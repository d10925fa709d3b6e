import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { StatusAnswer } from "../../../cli/commands/status.ts";
import { type DemoPaths, demoPaths } from "../../../cli/demo/state.ts";
import { UpdateReport } from "../../../cli/demo/update-report.ts";
import { nodePath, repoDir } from "../../../cli/setup/paths.mjs";
import { demoPulumi } from "../../../cli/setup/pulumi-env.mjs";
import { Terminal } from "../../cli/support/terminal.ts";
import { FULL } from "../../support/long-form.ts";

const run = promisify(execFile);

/** Over which the figures are that a demo tells: ten seconds of its camera, or as many as for a user. */
export const ENOUGH_FRAMES = FULL ? 300 : 150;

export interface Answer {
  code: number;
  /** stdout and stderr as they came. */
  text: string;
}

interface FullAnswer extends Answer {
  stdout: string;
}

/** A whole demo in a folder of its own, driven by the commands that a user types. */
export class DemoWorld {
  readonly paths: DemoPaths;
  readonly env: NodeJS.ProcessEnv;

  private constructor(state: string) {
    this.paths = demoPaths(state);
    this.env = { ...process.env, JETFLEET_STATE_DIR: state, NODE_NO_WARNINGS: "1", NO_COLOR: "1" };
  }

  static async create(): Promise<DemoWorld> {
    return new DemoWorld(await mkdtemp(path.join(tmpdir(), "jetfleet-e2e-")));
  }

  /** `npm run demo -- ARGS` without its set-up step, which the test run has done. */
  demo(...args: string[]): Promise<FullAnswer> {
    const frames = args.includes("--down") ? [] : ["--frames", String(ENOUGH_FRAMES)];
    return this.#node("cli/demo/main.ts", [...args, ...frames]);
  }

  jetfleet(...args: string[]): Promise<Answer> {
    return this.#node("cli/main.ts", args);
  }

  /** `npm run pulumi -- ARGS`. */
  pulumi(...args: string[]): Promise<Answer> {
    const { command, cwd, env } = demoPulumi(this.env);
    return collect(command, args, { cwd, env });
  }

  /** `npm run demo -- --update --json`, or --rollback. */
  async update(way: "--update" | "--rollback"): Promise<UpdateReport> {
    const { code, text, stdout } = await this.demo(way, "--json");
    if (code !== 0) throw new Error(text);
    return UpdateReport.parse(JSON.parse(stdout));
  }

  /** The console in a terminal; close it. */
  console(): Terminal {
    const env = `JETFLEET_STATE_DIR=${this.paths.state}`;
    const command = ["env", env, nodePath(), path.join(repoDir, "cli", "main.ts")];
    return new Terminal(command, { width: 80, height: 24 });
  }

  /** Where the hub keeps an object. */
  hubObject(digest: string): string {
    return path.join(this.paths.hub, "objects", digest.replace("sha256:", ""));
  }

  async status(): Promise<StatusAnswer> {
    const { text } = await this.jetfleet("status", "--json");
    return StatusAnswer.parse(JSON.parse(text));
  }

  /** Polls `status` until the view is as wanted. */
  async statusUntil(
    what: string,
    wanted: (view: StatusAnswer) => boolean,
    withinMs: number,
  ): Promise<StatusAnswer> {
    let view = await this.status();
    for (const end = Date.now() + withinMs; !wanted(view); view = await this.status()) {
      if (Date.now() > end) {
        throw new Error(`not within ${withinMs} ms: ${what}; was ${JSON.stringify(view.problems)}`);
      }
      await delay(200);
    }
    return view;
  }

  /** Runs a command on a board through OpenSSH's own client. */
  async ssh(board: string, command: string): Promise<Answer> {
    const file = path.join(this.paths.boards, board, "board.json");
    const { host, sshPort } = JSON.parse(await readFile(file, "utf8")) as {
      host: string;
      sshPort: number;
    };
    const options = [
      "BatchMode=yes",
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
    ].flatMap((option) => ["-o", option]);
    const target = ["-i", this.paths.sshKey, "-p", String(sshPort), `nvidia@${host}`];
    return collect("ssh", [...options, ...target, command], {});
  }

  /** Ends whatever still runs and removes the folder. */
  async end(): Promise<void> {
    await this.demo("--down", "--purge");
    await rm(this.paths.state, { recursive: true, force: true });
  }

  #node(file: string, args: readonly string[]): Promise<FullAnswer> {
    return collect(nodePath(), [path.join(repoDir, file), ...args], { env: this.env });
  }
}

/** Command lines of every process on the machine that mention `text`. */
export async function processesNaming(text: string): Promise<string[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,args=", "-ww"]);
  return stdout.split("\n").filter((line) => line.includes(text));
}

function collect(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<FullAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let stdout = "";
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    child.stderr.on("data", (chunk) => (text += String(chunk)));
    child.once("error", reject);
    // "exit", not "close": the fleet's background processes hold no pipe of ours, but must not be waited for.
    child.once("exit", (code, signal) => {
      setImmediate(() =>
        resolve({ code: code ?? 128, text: signal ? `${text}\n${signal}` : text, stdout }),
      );
    });
  });
}
