import { type ChildProcess, fork } from "node:child_process";
import { FleetError } from "../../fleet/errors/index.ts";
import type { NativePipelineOptions } from "../../native/binding/api.ts";
import type { Log } from "../report/log.ts";
import { FromRunner, type RunnerError, type RunnerMessage, type ToRunner } from "./ipc.ts";

export interface RunnerOptions {
  /** What is forked with the argument `runner`: the agent's own bundle. */
  bundlePath: string;
  addonPath: string;
  pipeline: NativePipelineOptions;
  log: Log;
  onStarted: () => void;
  onMessage: (message: RunnerMessage) => void;
  /** Called exactly once, when the process is gone; null when it ended because it was told to. */
  onEnd: (error: FleetError | null) => void;
}

const STOP_DEADLINE_MS = 5000;
/** Loading a model may take long; later, statistics come every second. */
const START_DEADLINE_MS = 120_000;
const SILENCE_MS = 20_000;

/** One life of one runner process. */
export class RunnerProcess {
  readonly #options: RunnerOptions;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #watchdog: NodeJS.Timeout;
  #failure: FleetError | null = null;
  #stopping = false;
  #lastLine = "";

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#child = fork(options.bundlePath, ["runner"], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [],
    });
    this.#watchdog = this.#watch(START_DEADLINE_MS);
    this.#gone = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.#onExit(code, signal);
        resolve();
      });
      this.#child.on("error", (cause) => {
        // A process that never was has no exit event; any other error of the channel is followed by one.
        if (this.#child.pid !== undefined) return;
        this.#failure = new FleetError("RUNNER_CRASHED", "Cannot start the runner", { cause });
        this.#onExit(null, null);
        resolve();
      });
    });
    this.#child.on("message", (raw) => this.#onMessage(raw));
    this.#forwardOutput();
    this.#send({ type: "start", addonPath: options.addonPath, options: options.pipeline });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends the process: in order if it can, by SIGKILL after a deadline. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#send({ type: "stop" });
    }
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await this.#gone;
    clearTimeout(kill);
  }

  #onMessage(raw: unknown): void {
    const parsed = FromRunner.safeParse(raw);
    if (!parsed.success) {
      this.#options.log.warn("runner sent what is not of its protocol", {
        pid: this.pid,
        issue: parsed.error.issues[0]?.message,
      });
      return;
    }
    if (this.#stopping) return;
    clearTimeout(this.#watchdog);
    this.#watchdog = this.#watch(SILENCE_MS);
    const message = parsed.data;
    if (message.type === "started") this.#options.onStarted();
    else if (message.type === "native") this.#onNative(message.message);
    else if (message.type === "start-failed") this.#fail(toFleetError(message.error));
  }

  #onNative(message: RunnerMessage): void {
    if (message.type === "failed") this.#fail(toFleetError(message.error));
    else this.#options.onMessage(message);
  }

  /** The pipeline inside cannot go on, so its process goes. */
  #fail(error: FleetError): void {
    this.#failure = error;
    void this.stop();
  }

  #watch(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#failure = new FleetError("RUNNER_CRASHED", `The runner said nothing for ${ms} ms`);
      this.#child.kill("SIGKILL");
    }, ms);
  }

  #onExit(code: number | null, signal: string | null): void {
    clearTimeout(this.#watchdog);
    if (this.#failure === null && !this.#stopping) {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      const words = this.#lastLine === "" ? "" : `; its last words: ${this.#lastLine}`;
      this.#failure = new FleetError("RUNNER_CRASHED", `The runner ended ${how}${words}`, {
        context: { code, signal },
      });
    }
    this.#options.onEnd(this.#failure);
  }

  #send(message: ToRunner): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #forwardOutput(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        for (const line of text.split("\n")) this.#forwardLine(line.trim().slice(0, 500));
      });
    }
  }

  #forwardLine(line: string): void {
    if (line === "") return;
    this.#lastLine = line;
    this.#options.log.info("runner says", { pipeline: this.#options.pipeline.name, line });
  }
}

function toFleetError({ code, message }: RunnerError): FleetError {
  return new FleetError(code, message);
}
