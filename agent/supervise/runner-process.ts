import { type ChildProcess, fork } from "node:child_process";
import { Readable } from "node:stream";
import { FleetError } from "../../fleet/errors/index.ts";
import type { Log } from "../report/log.ts";
import { type Envelope, EnvelopeReader } from "./envelope.ts";
import {
  FromRunner,
  type ModelOptions,
  type ModelSwap,
  type PipelineOptions,
  type RunnerError,
  type ToRunner,
} from "./ipc.ts";
import { RESULT_FD } from "./result-pipe.ts";
import { openEnvelope, type RunnerMessage } from "./runner-message.ts";

export interface RunnerOptions {
  /** What is forked with the argument `runner`: the agent's own bundle. */
  bundlePath: string;
  addonPath: string;
  pipeline: PipelineOptions;
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
const LAST_WORDS_MS = 1000;

/** One life of one runner process. */
export class RunnerProcess {
  readonly #options: RunnerOptions;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #watchdog: NodeJS.Timeout;
  #failure: FleetError | null = null;
  #stopping = false;
  #lastLine = "";
  #swap: { resolve: (swap: ModelSwap) => void; reject: (error: FleetError) => void } | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#child = fork(options.bundlePath, ["runner"], {
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      execArgv: [],
    });
    this.#watchdog = this.#watch(START_DEADLINE_MS);
    this.#gone = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        // What it said last is still in its pipes. A process of its own that holds them open is not waited for.
        const over = (): void => {
          clearTimeout(timer);
          this.#child.off("close", over);
          this.#onExit(code, signal);
          resolve();
        };
        const timer = setTimeout(over, LAST_WORDS_MS);
        this.#child.once("close", over);
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
    this.#readResults();
    this.#forwardOutput();
    this.#send({ type: "start", addonPath: options.addonPath, options: options.pipeline });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Puts another model to work between two frames. One call at a time; when it throws, the former model goes on,
   * or the process is gone.
   */
  async swapModel(model: ModelOptions): Promise<ModelSwap> {
    // A runner that does not answer may have either model: it has to go.
    const deadline = setTimeout(() => this.#kill(START_DEADLINE_MS), START_DEADLINE_MS);
    try {
      return await new Promise<ModelSwap>((resolve, reject) => {
        this.#swap = { resolve, reject };
        this.#send({ type: "swap", model });
      });
    } finally {
      this.#swap = null;
      clearTimeout(deadline);
    }
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
    this.#heard();
    const message = parsed.data;
    if (message.type === "started") this.#options.onStarted();
    else if (message.type === "start-failed") this.#fail(toFleetError(message.error));
    else if (message.type === "swapped") this.#swap?.resolve(message.swap);
    else if (message.type === "swap-failed") this.#swap?.reject(toFleetError(message.error));
  }

  #readResults(): void {
    const results = this.#child.stdio[RESULT_FD];
    if (!(results instanceof Readable)) return; // the process could not be started
    const reader = new EnvelopeReader();
    results.on("error", () => undefined); // that the process is gone is told by its exit
    results.on("data", (chunk: Buffer) => {
      if (this.#stopping) return;
      try {
        for (const envelope of reader.push(chunk)) this.#onEnvelope(envelope);
      } catch (error) {
        const message = "The runner sent what is not of its protocol";
        this.#fail(new FleetError("RUNNER_CRASHED", message, { cause: error }));
      }
    });
  }

  #heard(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = this.#watch(SILENCE_MS);
  }

  #onEnvelope(envelope: Envelope): void {
    this.#heard();
    const message = openEnvelope(envelope);
    if (message.type === "failed") this.#fail(toFleetError(message.error));
    else this.#options.onMessage(message);
  }

  /** The pipeline inside cannot go on, so its process goes. */
  #fail(error: FleetError): void {
    this.#failure = error;
    void this.stop();
  }

  #watch(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#kill(ms), ms);
  }

  #kill(silentMs: number): void {
    this.#failure = new FleetError("RUNNER_CRASHED", `The runner said nothing for ${silentMs} ms`);
    this.#child.kill("SIGKILL");
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
    this.#swap?.reject(
      this.#failure ?? new FleetError("CANCELLED", "The runner was stopped during a swap"),
    );
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
