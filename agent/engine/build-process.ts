import { builderOf, librariesBytes } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { type Envelope, EnvelopeReader } from "../supervise/envelope.ts";
import type { BuildOptions } from "../supervise/ipc/build.ts";
import { FromRunner } from "../supervise/ipc/orders.ts";
import { memoryLimit } from "../supervise/memory-watch.ts";
import type { LaunchRunner, RunnerChild } from "../supervise/runner-child.ts";
import { errorOfEnd } from "../supervise/runner-process.ts";

export interface BuildProcessOptions {
  launch: LaunchRunner;
  addonPath: string;
  build: BuildOptions;
  modelBytes: number;
  onProgress: (share: number, step: string) => void;
  /** What the library found out so far, each time that it is more. */
  onTimings: (cache: Uint8Array) => void;
}

export type BuiltEngine = Pick<
  Extract<FromRunner, { type: "built" }>,
  "sizeBytes" | "digest" | "golden" | "untried" | "held"
>;

/** A builder says every two seconds that it lives, however busy its library is. */
const SILENCE_MS = 60_000;
/** It removes what it wrote and ends itself. */
const END_DEADLINE_MS = 2000;

/** One builder, a process of its own that gives way to all others, from its start to its end. */
export class BuildProcess {
  readonly #child: RunnerChild;
  readonly #reader = new EnvelopeReader();
  readonly #onProgress: BuildProcessOptions["onProgress"];
  readonly #onTimings: BuildProcessOptions["onTimings"];
  readonly #gone: Promise<void>;
  #tellGone: () => void = () => undefined;
  #settle: { resolve: (built: BuiltEngine) => void; reject: (error: Error) => void } | null = null;
  #piece: { resolve: (piece: Uint8Array) => void; reject: (error: Error) => void } | null = null;
  #failure: FleetError | null = null;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(options: BuildProcessOptions) {
    const { launch, addonPath, build, modelBytes, onProgress, onTimings } = options;
    this.#onProgress = onProgress;
    this.#onTimings = onTimings;
    this.#gone = new Promise((resolve) => {
      this.#tellGone = resolve;
    });
    this.#child = launch(
      { memoryBytes: memoryLimit(modelBytes) + librariesBytes(builderOf(build.accelerator)) },
      {
        onAnswer: (raw) => this.#onAnswer(raw),
        onResults: (chunk) => this.#onResults(chunk),
        onLine: () => undefined,
        onEnd: (end) => this.#onEnd(errorOfEnd(end, "The process that built the engine")),
      },
    );
    this.#child.send({ type: "build", addonPath, options: build });
    this.#watch();
  }

  /**
   * Resolves when the engine is built. Throws MODEL_INVALID when none can be made of the model, BOARD_DISK_FULL,
   * RUNNER_CRASHED, RUNNER_MEMORY, or what `end` was given. To be called once, at once.
   */
  built(): Promise<BuiltEngine> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      else this.#settle = { resolve, reject };
    });
  }

  /** The engine, after `built`: each piece is asked for when the one before was taken. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; ; ) {
      const piece = await this.#next(offset);
      if (piece.length === 0) return;
      yield piece;
      offset += piece.length;
    }
  }

  /** Standing still, it keeps its memory and takes no processor. */
  freeze(isFrozen: boolean): void {
    this.#child.freeze(isFrozen);
    if (isFrozen) this.#unwatch();
    else this.#watch();
  }

  /** Resolves when the process is gone; whoever waits for it is told why. */
  async end(why: FleetError): Promise<void> {
    this.#fail(why);
    this.#child.freeze(false);
    this.#child.send({ type: "stop" });
    const kill = setTimeout(() => this.#child.kill(), END_DEADLINE_MS);
    await this.#gone;
    clearTimeout(kill);
  }

  #next(offset: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#piece = { resolve, reject };
      this.#child.send({ type: "read-engine", offset });
    });
  }

  #onAnswer(raw: unknown): void {
    const message = FromRunner.safeParse(raw).data;
    this.#watch();
    if (message?.type === "build-progress") this.#onProgress(message.share, message.step);
    if (message?.type === "built") this.#settle?.resolve(message);
    if (message?.type !== "build-failed") return;
    const { code, message: text } = message.error;
    this.#fail(new FleetError(message.noRoom ? "BOARD_DISK_FULL" : code, text));
  }

  #onResults(chunk: Buffer): boolean {
    try {
      for (const envelope of this.#reader.push(chunk)) this.#onEnvelope(envelope);
    } catch (cause) {
      const message = "The process that built the engine sent what is not of its protocol";
      this.#kill(new FleetError("RUNNER_CRASHED", message, { cause }));
    }
    return true;
  }

  #onEnvelope({ type, json }: Envelope): void {
    if (type === "timing-cache") return this.#onTimings(json);
    if (type !== "engine") throw new TypeError(`Expected a piece of an engine but got ${type}`);
    this.#watch();
    this.#piece?.resolve(json);
    this.#piece = null;
  }

  #watch(): void {
    this.#unwatch();
    this.#watchdog = setTimeout(() => {
      const message = `The process that built the engine said nothing for ${SILENCE_MS} ms`;
      this.#kill(new FleetError("RUNNER_CRASHED", message));
    }, SILENCE_MS);
  }

  #unwatch(): void {
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#watchdog = null;
  }

  #kill(why: FleetError): void {
    this.#fail(why);
    this.#child.kill();
  }

  #fail(why: FleetError): void {
    this.#failure ??= why;
    this.#settle?.reject(this.#failure);
    this.#piece?.reject(this.#failure);
    this.#piece = null;
  }

  #onEnd(error: FleetError): void {
    this.#unwatch();
    this.#fail(error);
    this.#tellGone();
  }
}
