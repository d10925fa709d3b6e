import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FleetError } from "../../errors/index.ts";
import { InsideProcess } from "./inside-process.ts";
import { behindInputPipe, makeOutputPipes } from "./pipes.ts";
import { childrenOf } from "./processes.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const FLEET_DIR = join(HERE, "..", "..");
const BOOT_DEADLINE_MS = 60_000;

const IS_ROOT = process.getuid?.() === 0;

type OuterProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** What the service manager tells the outside, one JSON object a line. */
interface ManagerEvent {
  event: "ready" | "reboot" | "poweroff";
}

export interface NamespaceOptions {
  dir: string;
  hostname: string;
  diskLimitBytes?: number | undefined;
  /** Folder of an unpacked system of arm64 and its emulator, whose programs stand before this machine's. */
  userland?: string | undefined;
}

/** Without root all is done in a user namespace; with it, where an emulator is registered for the board alone. */
function inUserNamespace({ userland }: NamespaceOptions): boolean {
  return !IS_ROOT || userland !== undefined;
}

/** The namespaces of a board that is switched on, with its PID 1. Ends when PID 1 does, with all inside it. */
export class Namespace {
  /** PID 1 of the board as this process sees it. */
  readonly initPid: number;
  /** Resolves when nothing runs inside any more. */
  readonly ended: Promise<void>;
  /** What was asked for from inside, when the end was asked for there. */
  request: "reboot" | "poweroff" | null = null;
  readonly #outer: OuterProcess;
  readonly #options: NamespaceOptions;

  constructor(outer: OuterProcess, initPid: number, options: NamespaceOptions) {
    this.#options = options;
    this.#outer = outer;
    this.initPid = initPid;
    this.ended = new Promise((resolve) => {
      if (outer.exitCode !== null || outer.signalCode !== null) resolve();
      else outer.once("exit", () => resolve());
    });
  }

  /** Starts `command` inside. It is a session leader, so a signal can reach all it started. */
  async spawn(command: readonly string[], env: Record<string, string>): Promise<InsideProcess> {
    const own = inUserNamespace(this.#options) ? ["--user", "--preserve-credentials"] : [];
    const [program = "", ...args] = behindInputPipe([
      ...[
        "nsenter",
        "--target",
        String(this.initPid),
        "--mount",
        "--pid",
        "--uts",
        "--ipc",
        ...own,
      ],
      ...["--", "setsid", "setpriv", "--bounding-set", CONTAINER_CAPABILITIES, ...command],
    ]);
    const [stdout, stderr] = await makeOutputPipes(this.#options.dir);
    const stdio: ["pipe", number, number] = ["pipe", stdout.end, stderr.end];
    return new InsideProcess(spawn(program, args, { env, stdio, detached: true }), stdout, stderr);
  }

  /** Ends everything inside in an instant, as a power cut does. */
  async kill(): Promise<void> {
    // Only PID 1: unshare, its parent, ends when the kernel has done away with all others inside too.
    killIfAlive(this.initPid);
    await this.ended;
  }

  /** Asks the service manager to stop its units, then ends everything; kills after `deadlineMs`. */
  async shutDown(deadlineMs: number): Promise<void> {
    // The manager takes the end of its standard input for the power button.
    this.#outer.stdin.end();
    const timer = setTimeout(() => void this.kill(), deadlineMs);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Capabilities of an ordinary container: what runs on a board must not reach the machine below it. */
export const CONTAINER_CAPABILITIES = [
  "-all",
  ...["chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"].map(plus),
  ...["net_bind_service", "net_raw", "sys_chroot", "setfcap"].map(plus),
].join(",");

function plus(capability: string): string {
  return `+${capability}`;
}

/** Switches a board on: new namespaces, its root put together, its service manager running and units started. */
export async function bootNamespace(options: NamespaceOptions): Promise<Namespace> {
  const outer = spawn(
    "setpriv",
    [...unshareCommand(options), join(HERE, "enter.sh"), ...enterArguments(options)],
    {
      stdio: ["pipe", "pipe", "pipe"],
      // Nothing else of the machine's environment: what names its folders (NODE_COMPILE_CACHE) makes them on the board.
      env: { PATH: process.env["PATH"] },
      // Ctrl-C in a terminal goes to the board's owner, which then shuts the board down in order.
      detached: true,
    },
  );
  // A board that ended has nobody to read the rest; without a listener EPIPE would end this process.
  outer.stdin.on("error", () => undefined);
  const events = createInterface({ input: outer.stdout });
  const ready = whenReady(outer, events);
  if (IS_ROOT && inUserNamespace(options)) void mapUsers(outer);
  await ready;
  const initPid = outer.pid === undefined ? undefined : childrenOf(outer.pid)[0];
  if (initPid === undefined) throw bootFailed("its PID 1 is not to be found", "");
  const namespace = new Namespace(outer, initPid, options);
  events.on("line", (line) => {
    const { event } = JSON.parse(line) as ManagerEvent;
    if (event !== "ready") namespace.request = event;
  });
  return namespace;
}

/** Root's own user namespace keeps all users apart, as the board's accounts want it; until then nobody is anybody there. */
async function mapUsers({ pid }: OuterProcess): Promise<void> {
  const namespaceOf = (whose: string) => readlink(`/proc/${whose}/ns/user`);
  try {
    const own = await namespaceOf("self");
    while ((await namespaceOf(String(pid))) === own) await sleep(5);
    for (const map of ["uid_map", "gid_map"]) await writeFile(`/proc/${pid}/${map}`, "0 0 65536\n");
  } catch (error) {
    // It has ended already, which is told with what it said.
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function enterArguments({ dir, hostname, diskLimitBytes, userland }: NamespaceOptions): string[] {
  return [
    dir,
    FLEET_DIR,
    process.execPath,
    hostname,
    String(diskLimitBytes ?? ""),
    CONTAINER_CAPABILITIES,
    userland ?? "",
  ];
}

function whenReady(outer: OuterProcess, events: Interface): Promise<void> {
  let said = "";
  outer.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    const settle = (failure: string | null): void => {
      clearTimeout(timer);
      if (failure === null) return resolve();
      outer.kill("SIGKILL");
      reject(bootFailed(failure, said));
    };
    const timer = setTimeout(
      () => settle(`it was not ready after ${BOOT_DEADLINE_MS / 1000} s`),
      BOOT_DEADLINE_MS,
    );
    events.once("line", () => settle(null));
    outer.once("error", (error) => settle(error.message));
    outer.once("close", () => settle("it ended at once"));
  });
}

// Both the parent-death signal and --kill-child are belt and braces: should this process be killed, the manager
// also sees the end of its standard input.
function unshareCommand(options: NamespaceOptions): string[] {
  const own = !inUserNamespace(options) ? [] : IS_ROOT ? ["--user"] : ["--user", "--map-root-user"];
  return [
    ...["--pdeathsig", "KILL", "unshare", ...own],
    ...[
      "--mount",
      "--pid",
      "--uts",
      "--ipc",
      "--fork",
      "--kill-child",
      "--propagation",
      "private",
      "--",
    ],
    // Whoever is nobody yet has no rights to begin with: see mapUsers.
    ...["/bin/sh", "-c", 'until [ "$(id -u)" = 0 ]; do sleep 0.02; done; exec "$@"', "sh"],
  ];
}

function bootFailed(what: string, stderr: string): FleetError {
  const said = stderr.trim();
  const refused = /refused|Operation not permitted|Permission denied/.test(said);
  return new FleetError(
    refused ? "SIM_REFUSED" : "SIM_FAILED",
    `Expected the simulated board to boot, but ${what}${said === "" ? "" : `: ${said}`}`,
  );
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
