import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import type { Socket } from "node:net";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { accountOf } from "./accounts.ts";
import { JournalWriter } from "./journal.ts";
import { processesOf, signalAll } from "./process-group.ts";
import { parseServiceFile, type Service, setVariable } from "./unit-file.ts";
import {
  type Exit,
  INITIAL,
  transition,
  type UnitAction,
  type UnitEvent,
  type UnitState,
} from "./unit-machine.ts";

export const UNIT_DIR = "/etc/systemd/system";
const DRAIN_POLL_MS = 20;
/** Exit status systemd gives a service whose program could not be executed. */
const EXIT_EXEC = 203;

/** What an instance was started for. */
export interface Connection {
  socket: Socket;
  /** File name of its unit. */
  template: string;
  /** Called when nothing is left of it. */
  onOver: () => void;
}

/** A service with its processes: performs what unit-machine.ts decides. */
export class Unit {
  readonly name: string;
  service: Service;
  state: UnitState = INITIAL;
  mainPid = 0;
  startedAtMs = 0;
  /** Modification time of the unit file when it was read. */
  readonly path: string;
  #loadedMtimeMs: number;
  #invocationId = "";
  #main: ChildProcess | null = null;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #journal: JournalWriter;
  #settled: (() => void)[] = [];

  readonly #connection: Connection | null;

  /** With a connection it is the instance of a template that was started for it. */
  constructor(name: string, connection: Connection | null = null) {
    this.name = name;
    this.#connection = connection;
    this.path = `${UNIT_DIR}/${connection ? connection.template : name}`;
    this.#journal = new JournalWriter(name);
    this.#loadedMtimeMs = 0;
    this.service = this.#read();
  }

  /** Reads the unit file again, as daemon-reload does. A file that is gone leaves the old settings in force. */
  reload(): void {
    if (fs.existsSync(this.path)) this.service = this.#read();
  }

  get needsReload(): boolean {
    return fs.statSync(this.path, { throwIfNoEntry: false })?.mtimeMs !== this.#loadedMtimeMs;
  }

  start(): void {
    this.#dispatch({ kind: "start", nowMs: performance.now() });
  }

  /** Resolves when no process of the unit is left. */
  async stop(): Promise<void> {
    this.#dispatch({ kind: "stop" });
    await this.#whenSettled();
  }

  async restart(): Promise<void> {
    this.#dispatch({ kind: "stop" });
    this.#dispatch({ kind: "start", nowMs: performance.now() });
    await this.#whenSettled();
  }

  resetFailed(): void {
    if (this.state.phase === "failed") this.state = INITIAL;
  }

  kill(signal: NodeJS.Signals): void {
    signalAll(this.processes(), signal);
  }

  processes(): number[] {
    return this.mainPid === 0 ? [] : processesOf(this.mainPid, this.#invocationId);
  }

  #read(): Service {
    this.#loadedMtimeMs = fs.statSync(this.path).mtimeMs;
    const service = parseServiceFile(fs.readFileSync(this.path, "utf8"));
    if (service.ignored.length > 0) {
      this.#note(`${this.name}: not simulated, ignored: ${service.ignored.join(", ")}`);
    }
    return service;
  }

  #whenSettled(): Promise<void> {
    if (this.state.phase !== "draining") return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #dispatch(event: UnitEvent): void {
    const before = this.state.result;
    const { state, actions } = transition(this.state, event, this.service);
    this.state = state;
    for (const action of actions) this.#perform(action);
    if (state.result === "start-limit-hit" && before !== state.result)
      this.#note(`${this.name}: Start request repeated too quickly.`);
    if (this.state.phase === "draining") return;
    for (const resolve of this.#settled.splice(0)) resolve();
    if (this.state.phase === "inactive" || this.state.phase === "failed")
      this.#connection?.onOver();
  }

  #perform(action: UnitAction): void {
    switch (action) {
      case "spawn":
        return this.#spawn();
      case "kill":
        return this.#drain();
      case "arm-restart":
        this.#restartTimer = setTimeout(
          () => this.#dispatch({ kind: "restart-due", nowMs: performance.now() }),
          // Never a busy loop, whatever the file says.
          Math.max(100, this.service.restartMs),
        );
        return;
      case "disarm-restart":
        clearTimeout(this.#restartTimer);
        return;
    }
  }

  #spawn(): void {
    const [program = "", ...args] = [...this.#rights(), ...this.#command()];
    this.#invocationId = randomUUID().replaceAll("-", "");
    this.startedAtMs = Date.now();
    const child = spawn(program, args, {
      // A session of its own, as systemd gives every service.
      detached: true,
      cwd: this.service.workingDirectory ?? "/",
      env: this.#environment(),
      stdio: [
        this.service.inputIsSocket ? this.#connection?.socket : "ignore",
        this.service.outputIsSocket ? this.#connection?.socket : "pipe",
        "pipe",
      ],
    });
    // The service has it now.
    this.#connection?.socket.destroy();
    this.#main = child;
    this.mainPid = child.pid ?? 0;
    const [own = ""] = this.service.command;
    this.#capture(child.stdout, basename(own));
    this.#capture(child.stderr, basename(own));
    this.#note(`Started ${this.service.description || this.name}.`);
    child.once("error", (error) => {
      this.#note(`${this.name}: Failed to execute ${program}: ${error.message}`);
      if (child.pid === undefined) this.#exited({ code: EXIT_EXEC, signal: null });
    });
    child.once("exit", (code, signal) => {
      if (this.#main === child) this.#exited({ code, signal });
    });
  }

  /** `%i` stands for what an instance is called behind the @. */
  #command(): string[] {
    const instance = /@(.*)\.\w+$/.exec(this.name)?.[1] ?? "";
    return this.service.command.map((word) => word.replaceAll("%i", instance));
  }

  #exited(exit: Exit): void {
    this.#main = null;
    const how =
      exit.signal === null
        ? `code=exited, status=${exit.code}`
        : `code=killed, signal=${exit.signal}`;
    this.#note(`${this.name}: Main process exited, ${how}`);
    this.#dispatch({ kind: "exited", exit });
  }

  /** Asks every process of the unit to end, then makes it, until none is left. */
  #drain(): void {
    const { killMode, killSignal, stopTimeoutMs } = this.service;
    const deadlineMs = performance.now() + stopTimeoutMs;
    const left = () =>
      killMode === "process"
        ? this.processes().filter((pid) => pid === this.mainPid)
        : this.processes();
    signalAll(
      killMode === "mixed" ? left().filter((pid) => pid === this.mainPid) : left(),
      killSignal,
    );
    const poll = (): void => {
      const pids = left();
      if (pids.length === 0 && this.#main === null) {
        this.mainPid = 0;
        this.#note(`Stopped ${this.service.description || this.name}.`);
        return this.#dispatch({ kind: "drained", nowMs: performance.now() });
      }
      const mainGone = killMode === "mixed" && this.#main === null;
      if (performance.now() > deadlineMs || mainGone) signalAll(pids, "SIGKILL");
      setTimeout(poll, DRAIN_POLL_MS);
    };
    poll();
  }

  #environment(): Record<string, string> {
    const environment: Record<string, string> = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      ...this.service.environment,
    };
    for (const file of this.service.environmentFiles) {
      for (const line of readEnvironmentFile(file)) setVariable(environment, line);
    }
    environment["INVOCATION_ID"] = this.#invocationId;
    return environment;
  }

  /** The program that gives the service its user and takes rights from it, before its own. */
  #rights(): string[] {
    const { user, group, supplementaryGroups, noNewPrivileges, noCapabilities } = this.service;
    const options: string[] = [];
    if (noNewPrivileges) options.push("--no-new-privs");
    if (user !== null && user !== "root") {
      const account = accountOf(user, group, supplementaryGroups);
      // In a user namespace of an unprivileged user only root exists.
      if (isMapped(account.uid)) {
        const groups =
          account.groups.length === 0 ? ["--clear-groups"] : ["--groups", account.groups.join(",")];
        options.push("--reuid", `${account.uid}`, "--regid", `${account.gid}`, ...groups);
      } else {
        this.#note(`${this.name}: User=${user} cannot be had here, running as root`);
      }
    }
    if (noCapabilities) options.push("--bounding-set", "-all", "--inh-caps", "-all");
    return options.length === 0 ? [] : ["/usr/bin/setpriv", ...options, "--"];
  }

  #capture(stream: Readable | null, identifier: string): void {
    if (stream === null) return;
    const pid = this.mainPid;
    stream.on("error", () => undefined);
    createInterface({ input: stream }).on("line", (line) =>
      this.#journal.write(identifier, pid, line),
    );
  }

  #note(message: string): void {
    this.#journal.write("systemd", 1, message);
  }
}

function readEnvironmentFile(file: string): string[] {
  const path = file.replace(/^-/, "");
  if (file.startsWith("-") && !fs.existsSync(path)) return [];
  return fs
    .readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.trim().replace(/^(\w+)=(["'])(.*)\2$/, "$1=$3"))
    .filter((line) => /^\w+=/.test(line));
}

/** Whether there is such a user here: in the user namespace of an unprivileged user only root exists. */
export function isMapped(uid: number): boolean {
  return fs
    .readFileSync("/proc/self/uid_map", "utf8")
    .trim()
    .split("\n")
    .some((row) => {
      const [inside = 0, , count = 0] = row.trim().split(/\s+/).map(Number);
      return uid >= inside && uid < inside + count;
    });
}
