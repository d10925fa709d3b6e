import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";

export type FromHook =
  | { type: "loaded" }
  | { type: "unusable"; why: string }
  | { type: "called"; tookMs: number; error: string | null };

/** Frames that wait for a hook, beside the one it has; those that come then are left out. */
const MOST_WAITING = 256;
/** For what still waits when the pipeline has ended. */
const LAST_MS = 5000;
const WORKER = new URL("hook-worker.ts", import.meta.url);

/**
 * An operator's module, called with each frame that came out, outside the frames' path: in a thread of its own, so that
 * one that is slow, hangs, throws or ends costs no frame and delays none. What it prints goes to standard error.
 */
export class ResultHook {
  readonly #worker: Worker;
  readonly #file: string;
  #waiting = 0;
  #called = 0;
  #failed = 0;
  #leftOut = 0;
  #slowestMs = 0;
  #lastError = "";
  #isOver = false;
  #onIdle: () => void = () => undefined;

  private constructor(worker: Worker, file: string) {
    this.#worker = worker;
    this.#file = file;
  }

  /** Throws USAGE for a file that cannot be loaded, or has no function as its default export. */
  static async load(file: string): Promise<ResultHook> {
    const path = resolve(process.env["INIT_CWD"] ?? process.cwd(), file);
    const worker = new Worker(WORKER, { workerData: pathToFileURL(path).href, stdout: true });
    worker.stdout.pipe(process.stderr, { end: false });
    const hook = new ResultHook(worker, file);
    await new Promise<void>((loaded, failed) => {
      const refuse = (why: string): void =>
        failed(
          new FleetError(
            "USAGE",
            `--hook: Expected a module whose default export is a function of a frame in ${path} but ${why}`,
          ),
        );
      worker.on("message", (message: FromHook) => {
        if (message.type === "loaded") loaded();
        else if (message.type === "unusable") refuse(message.why);
        else hook.#onCalled(message);
      });
      // Neither stops the pipeline; before it was loaded, both refuse it.
      worker.on("error", (error) => {
        refuse(error.message);
        hook.#onOver(error.message);
      });
      worker.on("exit", (code) => {
        refuse(`its thread ended with ${code}`);
        hook.#onOver(`its thread ended with ${code}`);
      });
    });
    return hook;
  }

  give(frames: readonly DetectedFrame[]): void {
    for (const frame of frames) {
      if (this.#isOver || this.#waiting > MOST_WAITING) {
        if (!this.#isOver && this.#leftOut === 0) this.#say("is too slow; frames are left out");
        this.#leftOut += 1;
        continue;
      }
      this.#waiting += 1;
      this.#worker.postMessage(frame);
    }
  }

  /** Once it has answered all that it was given, or too late. What it did, in a line. */
  async end(): Promise<string> {
    if (this.#waiting > 0 && !this.#isOver) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((done) => (timer = setTimeout(done, LAST_MS)));
      await Promise.race([late, new Promise<void>((done) => (this.#onIdle = done))]);
      clearTimeout(timer);
    }
    this.#isOver = true;
    await this.#worker.terminate();
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed (${this.#lastError})`;
    const missed = this.#leftOut + this.#waiting;
    const leftOut = missed === 0 ? "" : `, ${missed} left out`;
    const took = `slowest ${this.#slowestMs.toFixed(1)} ms`;
    return `hook ${this.#file}: called ${this.#called} times${failed}${leftOut}, ${took}`;
  }

  #onCalled({ tookMs, error }: Extract<FromHook, { type: "called" }>): void {
    this.#waiting -= 1;
    this.#called += 1;
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (error !== null) {
      if (this.#failed === 0) this.#say(`failed: ${error}`);
      this.#failed += 1;
      this.#lastError = error;
    }
    if (this.#waiting === 0) this.#onIdle();
  }

  #onOver(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#say(`is gone: ${why}; the pipeline goes on without it`);
    this.#onIdle();
  }

  #say(what: string): void {
    process.stderr.write(`hook ${this.#file} ${what}\n`);
  }
}
