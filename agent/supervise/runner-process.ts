import type { Pace } from "../../fleet/contract/index.ts";
import { asFleetError, FleetError } from "../../fleet/errors/index.ts";
import { megabytes } from "../../fleet/transfer/transfer-text.ts";
import type { Log } from "../report/log.ts";
import { type Envelope, EnvelopeReader } from "./envelope.ts";
import type { RunnerError, SourceMessage } from "./ipc/messages.ts";
import { FromRunner } from "./ipc/orders.ts";
import type { ModelOptions, ModelSwap, PipelineOptions, SourcesChange } from "./ipc/pipeline.ts";
import type { LaunchRunner, RunnerChild, RunnerEnd } from "./runner-child.ts";
import { openEnvelope, type RunnerMessage } from "./runner-message.ts";

export interface RunnerOptions {
  launch: LaunchRunner;
  addonPath: string;
  pipeline: PipelineOptions;
  memoryLimitBytes: number;
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
/** A source lets go within 5 s, and what is behind its decoder is soon done. */
const CHANGE_DEADLINE_MS = 60_000;
/**
 * A source tells within this time that it plays or why it does not: the native runtime gives a camera 20 s to its first
 * key picture, a file 20 s to its first picture, and 5 s to let go.
 */
const CONNECT_DEADLINE_MS = 60_000;

/** One life of one runner process. */
export class RunnerProcess {
  readonly #options: RunnerOptions;
  readonly #child: RunnerChild;
  readonly #reader = new EnvelopeReader();
  readonly #gone: Promise<void>;
  #tellGone: () => void = () => undefined;
  #watchdog: NodeJS.Timeout;
  #connecting: NodeJS.Timeout | null = null;
  /** By name; null: it has said nothing yet. */
  readonly #sources = new Map<string, SourceMessage["state"] | null>();
  #failure: FleetError | null = null;
  #stopping = false;
  #change: { resolve: () => void; reject: (error: FleetError) => void } | null = null;
  #swap: { resolve: (swap: ModelSwap) => void; reject: (error: FleetError) => void } | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { name } = options.pipeline;
    for (const source of options.pipeline.sources) this.#sources.set(source.name, null);
    this.#gone = new Promise((resolve) => {
      this.#tellGone = resolve;
    });
    this.#child = options.launch(
      { memoryBytes: options.memoryLimitBytes },
      {
        onAnswer: (raw) => this.#onAnswer(raw),
        onResults: (chunk) => this.#onResults(chunk),
        onLine: (line) => options.log.info("runner says", { pipeline: name, line }),
        onEnd: (end) => this.#onEnd(end),
      },
    );
    // Not before there is somebody to watch: what cannot be launched throws.
    this.#watchdog = this.#watch(START_DEADLINE_MS);
    this.#child.send({ type: "start", addonPath: options.addonPath, options: options.pipeline });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Puts another model to work between two frames, with room for both while they are loaded, or `inTurn`. One call at a
   * time; when it throws, the former model goes on, or the process is gone.
   */
  async swapModel(
    model: ModelOptions,
    memoryLimitBytes: number,
    inTurn: boolean,
  ): Promise<ModelSwap> {
    this.#child.limitMemory(memoryLimitBytes);
    // A runner that does not answer may have either model: it has to go.
    const deadline = setTimeout(() => this.#killSilent(START_DEADLINE_MS), START_DEADLINE_MS);
    try {
      return await new Promise<ModelSwap>((resolve, reject) => {
        this.#swap = { resolve, reject };
        this.#child.send({ type: "swap", model, inTurn });
      });
    } finally {
      this.#swap = null;
      clearTimeout(deadline);
    }
  }

  /**
   * Sources come and go while the others play. One call at a time; when it throws, nobody knows which sources the
   * process has, and it is ended.
   */
  async changeSources(change: SourcesChange): Promise<void> {
    // What is on its way of those that go is of no account any more.
    for (const name of change.remove) this.#sources.delete(name);
    for (const { name } of change.add) this.#sources.set(name, null);
    const deadline = setTimeout(() => this.#killSilent(CHANGE_DEADLINE_MS), CHANGE_DEADLINE_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#change = { resolve, reject };
        this.#child.send({ type: "change-sources", ...change });
      });
      this.#judgeSources();
    } catch (error) {
      this.#kill(asFleetError(error, "changing sources"));
      throw error;
    } finally {
      this.#change = null;
      clearTimeout(deadline);
    }
  }

  /** From the next frames on. */
  setPace(pace: Pace): void {
    this.#child.send({ type: "set-pace", pace });
  }

  /** Ends the process: in order if it can, by SIGKILL after a deadline. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#child.send({ type: "stop" });
    }
    const kill = setTimeout(() => this.#child.kill(), STOP_DEADLINE_MS);
    await this.#gone;
    clearTimeout(kill);
  }

  #onAnswer(raw: unknown): void {
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
    else if (message.type === "sources-changed") this.#change?.resolve();
    else if (message.type === "change-failed") this.#change?.reject(toFleetError(message.error));
  }

  #onResults(chunk: Buffer): boolean {
    try {
      for (const envelope of this.#reader.push(chunk)) {
        // Of one that stops, nothing counts but how visits of its zones ended.
        if (!this.#stopping) this.#onEnvelope(envelope);
        else if (envelope.type === "analytics") this.#options.onMessage(openEnvelope(envelope));
      }
    } catch (error) {
      if (this.#stopping) return true;
      const message = "The runner sent what is not of its protocol";
      this.#fail(new FleetError("RUNNER_CRASHED", message, { cause: error }));
    }
    return true;
  }

  #heard(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = this.#watch(SILENCE_MS);
  }

  #onEnvelope(envelope: Envelope): void {
    this.#heard();
    const message = openEnvelope(envelope);
    const isOfSource = message.type === "source" || message.type === "warning";
    if (isOfSource && message.source !== undefined && !this.#sources.has(message.source)) return;
    if (message.type === "source") this.#onSource(message);
    if (message.type === "failed") this.#fail(toFleetError(message.error));
    else this.#options.onMessage(message);
  }

  /** One that plays would be ended for one that hangs; of several, it takes all. */
  #onSource({ source = "", state }: SourceMessage): void {
    this.#sources.set(source, state);
    const states = [...this.#sources.values()];
    // Begun anew by each that connects: a camera is tried again and again while another hangs.
    const isNews = state === "connecting" || !states.includes("connecting");
    if (isNews || states.includes("playing")) this.#judgeSources();
  }

  #judgeSources(): void {
    const states = [...this.#sources.values()];
    this.#expectPicture(!states.includes("playing") && states.includes("connecting"));
  }

  /** Statistics of a runner that connects for ever would pass for life. */
  #expectPicture(connecting: boolean): void {
    if (this.#connecting !== null) clearTimeout(this.#connecting);
    this.#connecting = connecting
      ? setTimeout(() => {
          const shown = `${CONNECT_DEADLINE_MS / 1000} s`;
          const message = `The source gave its runner neither a picture nor an error for ${shown}, so the runner was ended`;
          this.#kill(new FleetError("RUNNER_CRASHED", message));
        }, CONNECT_DEADLINE_MS)
      : null;
  }

  /** The pipeline inside cannot go on, so its process goes. */
  #fail(error: FleetError): void {
    this.#failure = error;
    void this.stop();
  }

  #watch(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#killSilent(ms), ms);
  }

  #killSilent(silentMs: number): void {
    this.#kill(
      new FleetError("RUNNER_CRASHED", `The runner said nothing for ${silentMs / 1000} s`),
    );
  }

  #kill(why: FleetError): void {
    this.#failure = why;
    this.#child.kill();
  }

  #onEnd(end: RunnerEnd): void {
    clearTimeout(this.#watchdog);
    this.#expectPicture(false);
    if (this.#failure === null && !this.#stopping) this.#failure = errorOfEnd(end);
    const failure =
      this.#failure ?? new FleetError("CANCELLED", "The runner was stopped meanwhile");
    this.#swap?.reject(failure);
    this.#change?.reject(failure);
    this.#options.onEnd(this.#failure);
    this.#tellGone();
  }
}

/** What a process that ended by itself, or had to be ended, died of. */
export function errorOfEnd(end: RunnerEnd, who = "The runner"): FleetError {
  const { code, signal, overMemoryBytes, notStarted, lastLine } = end;
  if (notStarted !== null) {
    return new FleetError("RUNNER_CRASHED", `${who} could not be started: ${notStarted}`);
  }
  const context = { code, signal };
  const words = lastLine === "" ? "" : `; its last words: ${lastLine}`;
  if (overMemoryBytes !== null) {
    const message = `${who} was ended because it had come to ${megabytes(overMemoryBytes)} of memory${words}`;
    return new FleetError("RUNNER_MEMORY", message, { context });
  }
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return new FleetError("RUNNER_CRASHED", `${who} ended ${how}${words}`, { context });
}

function toFleetError({ code, message }: RunnerError): FleetError {
  return new FleetError(code, message);
}
