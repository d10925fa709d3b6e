import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { OutputPipe } from "./pipes.ts";
import { childrenOf, leadsSession } from "./processes.ts";

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A command running inside a board, and the nsenter outside that passes its end on. */
export class InsideProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once the command has ended and nobody holds its output any more, as sshd waits too. */
  readonly ended: Promise<Exit>;
  readonly #nsenter: ChildProcess;

  constructor(nsenter: ChildProcess, stdout: OutputPipe, stderr: OutputPipe) {
    if (!nsenter.stdin)
      throw new TypeError("the command of a board must have a pipe for its input");
    stdout.closeEnd();
    stderr.closeEnd();
    this.#nsenter = nsenter;
    this.stdin = nsenter.stdin;
    this.stdout = stdout.stream;
    this.stderr = stderr.stream;
    // EPIPE on stdin means that the command closed its input, which it may.
    for (const stream of [this.stdin, this.stdout, this.stderr])
      stream.on("error", () => undefined);
    const closed = [this.stdout, this.stderr].map((stream) => once(stream, "close"));
    this.ended = new Promise((resolve, reject) => {
      nsenter.once("error", reject);
      nsenter.once("exit", (code, signal) => {
        void Promise.all(closed).then(() => resolve({ code, signal }));
      });
    });
  }

  /** Closes the pipes without waiting for the command, which then meets EPIPE: what a vanished client leaves. */
  abandon(): void {
    this.stdin.destroy();
    this.stdout.destroy();
    this.stderr.destroy();
  }

  /** Sends `signal` to the command's process group, as sshd does; nsenter stays to pass the status on. */
  signal(signal: NodeJS.Signals): void {
    if (this.#nsenter.pid === undefined) return;
    for (const leader of childrenOf(this.#nsenter.pid).filter(leadsSession)) {
      try {
        process.kill(-leader, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  }
}
