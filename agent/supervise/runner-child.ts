import { type ChildProcess, fork } from "node:child_process";
import { Readable } from "node:stream";
import { z } from "zod";
import type { ToRunner } from "./ipc/orders.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { RESULT_FD } from "./result-pipe.ts";

const LONGEST_TEXT = 4000;

/** A runner as its agent sees it, wherever its process was started. */
export interface RunnerChild {
  /** Undefined while it is not known, and when there is no process. */
  readonly pid: number | undefined;
  send(order: ToRunner): void;
  /** The process may have so much memory from now on. */
  limitMemory(bytes: number): void;
  /** Has the process stand still, or go on: it keeps its memory and takes no processor. */
  freeze(isFrozen: boolean): void;
  /** Ends the process at once. */
  kill(): void;
}

export interface RunnerListener {
  /** A message of the runner that nobody has looked into. */
  onAnswer: (raw: unknown) => void;
  /** A piece of its results, which envelope.ts reads. Returns false when no more is wanted for now. */
  onResults: (chunk: Buffer) => boolean;
  onLine: (line: string) => void;
  /** Called once, when the process is gone and all that it said was told. */
  onEnd: (end: RunnerEnd) => void;
}

/** How a process ended. */
export const RunnerEnd = z.object({
  code: z.number().nullable(),
  signal: z.string().max(LONGEST_TEXT).nullable(),
  /** What it said last on standard output or standard error. */
  lastLine: z.string().max(LONGEST_TEXT),
  /** What it had when it was ended for having too much. */
  overMemoryBytes: z.number().nullable(),
  /** Why there never was a process. */
  notStarted: z.string().max(LONGEST_TEXT).nullable(),
});
export type RunnerEnd = z.infer<typeof RunnerEnd>;

export const RunnerLimits = z.object({ memoryBytes: z.number().positive() });
export type RunnerLimits = z.infer<typeof RunnerLimits>;

export type LaunchRunner = (limits: RunnerLimits, listener: RunnerListener) => RunnerChild;

const LAST_WORDS_MS = 1000;
const LINE_LENGTH = 500;

/** Runners as children of this process, with its rights. `bundlePath` is forked with the argument `runner`. */
export function forkRunner(bundlePath: string, environment: NodeJS.ProcessEnv = {}): LaunchRunner {
  return (limits, listener) => new ForkedRunner(bundlePath, limits, listener, environment);
}

export class ForkedRunner implements RunnerChild {
  readonly #listener: RunnerListener;
  readonly #child: ChildProcess;
  readonly #memory: MemoryWatch | null;
  #lastLine = "";
  #overMemoryBytes: number | null = null;

  /** `environment` is added to this process's own. */
  constructor(
    bundlePath: string,
    { memoryBytes }: RunnerLimits,
    listener: RunnerListener,
    environment: NodeJS.ProcessEnv = {},
  ) {
    this.#listener = listener;
    this.#child = fork(bundlePath, ["runner"], {
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      execArgv: [],
      env: { ...process.env, ...environment },
    });
    const { pid } = this.#child;
    this.#memory =
      pid === undefined ? null : new MemoryWatch(pid, memoryBytes, (bytes) => this.#isOver(bytes));
    this.#awaitEnd();
    this.#child.on("message", (raw) => listener.onAnswer(raw));
    this.#readResults();
    this.#readLines();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(order: ToRunner): void {
    if (this.#child.connected) this.#child.send(order, () => undefined); // that it is gone is told by its end
  }

  limitMemory(bytes: number): void {
    if (this.#memory) this.#memory.limitBytes = bytes;
  }

  freeze(isFrozen: boolean): void {
    this.#child.kill(isFrozen ? "SIGSTOP" : "SIGCONT");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** The agent is gone; the runner ends by itself. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  /** Results that were refused are wanted again. */
  resume(): void {
    const results = this.#child.stdio[RESULT_FD];
    if (results instanceof Readable) results.resume();
  }

  #isOver(bytes: number): void {
    this.#overMemoryBytes = bytes;
    this.kill();
  }

  #awaitEnd(): void {
    this.#child.once("exit", (code, signal) => {
      // What it said last is still in its pipes. A process of its own that holds them open is not waited for.
      const over = (): void => {
        clearTimeout(timer);
        this.#child.off("close", over);
        this.#tellEnd({ code, signal, notStarted: null });
      };
      const timer = setTimeout(over, LAST_WORDS_MS);
      this.#child.once("close", over);
    });
    this.#child.on("error", (error) => {
      // A process that never was has no exit event; any other error of the channel is followed by one.
      if (this.#child.pid !== undefined) return;
      this.#tellEnd({ code: null, signal: null, notStarted: error.message });
    });
  }

  #tellEnd(end: Pick<RunnerEnd, "code" | "signal" | "notStarted">): void {
    this.#memory?.stop();
    this.#listener.onEnd({
      ...end,
      lastLine: this.#lastLine,
      overMemoryBytes: this.#overMemoryBytes,
    });
  }

  #readResults(): void {
    const results = this.#child.stdio[RESULT_FD];
    if (!(results instanceof Readable)) return; // the process could not be started
    results.on("error", () => undefined); // that the process is gone is told by its exit
    results.on("data", (chunk: Buffer) => {
      if (!this.#listener.onResults(chunk)) results.pause();
    });
  }

  #readLines(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        for (const line of text.split("\n")) this.#tellLine(line.trim().slice(0, LINE_LENGTH));
      });
    }
  }

  #tellLine(line: string): void {
    if (line === "") return;
    this.#lastLine = line;
    this.#listener.onLine(line);
  }
}
