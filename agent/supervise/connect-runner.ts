import { connect, type Socket } from "node:net";
import { z } from "zod";
import { type Frame, FrameReader, packFrame, packJson } from "./host-frames.ts";
import type { ToRunner } from "./ipc/orders.ts";
import {
  type LaunchRunner,
  type RunnerChild,
  RunnerEnd,
  type RunnerLimits,
  type RunnerListener,
} from "./runner-child.ts";

/** Of a host that is told to end its runner at once; after it the connection is closed, which ends both. */
const KILL_MS = 2000;
const MAX_LINE = 500;

/** Runners of the service behind a socket, which has rights of its own (runner-host.ts). */
export function connectRunner(socketPath: string): LaunchRunner {
  return (limits, listener) => new ConnectedRunner(socketPath, limits, listener);
}

class ConnectedRunner implements RunnerChild {
  readonly #listener: RunnerListener;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #pid: number | undefined;
  #lastLine = "";
  #failure: string | null = null;
  #ended = false;

  constructor(socketPath: string, limits: RunnerLimits, listener: RunnerListener) {
    this.#listener = listener;
    this.#socket = connect(socketPath);
    this.#socket.write(packJson("limits", limits));
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => {
      this.#failure ??= `the runners' socket says ${error.message}`;
    });
    this.#socket.on("close", () => this.#onClose());
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  send(order: ToRunner): void {
    if (this.#socket.writable) this.#socket.write(packJson("order", order));
  }

  limitMemory(memoryBytes: number): void {
    if (this.#socket.writable) this.#socket.write(packJson("limits", { memoryBytes }));
  }

  freeze(isFrozen: boolean): void {
    if (this.#socket.writable) this.#socket.write(packJson("freeze", isFrozen));
  }

  kill(): void {
    if (this.#socket.writable) this.#socket.write(packFrame("kill", Buffer.alloc(0)));
    setTimeout(() => this.#socket.destroy(), KILL_MS).unref();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      // Whatever a runner sends, it ends this runner and nothing else.
      this.#failure ??= `its host sent what is not of its protocol (${String(error).slice(0, MAX_LINE)})`;
      this.#socket.destroy();
    }
  }

  #take({ type, body }: Frame): void {
    if (type === "results") {
      this.#listener.onResults(body);
      return;
    }
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (type === "launched") this.#pid = z.number().int().parse(value);
    else if (type === "answer") this.#listener.onAnswer(value);
    else if (type === "line") this.#onLine(z.string().parse(value).slice(0, MAX_LINE));
    else if (type === "end") this.#end(RunnerEnd.parse(value));
  }

  #onLine(line: string): void {
    this.#lastLine = line;
    this.#listener.onLine(line);
  }

  /** A host that goes without a word went with its runner: by the control group's limit, or by hand. */
  #onClose(): void {
    const signal = this.#failure === null ? "the end of its service" : `a fault: ${this.#failure}`;
    const isStarted = this.#pid !== undefined;
    this.#end({
      code: null,
      signal: isStarted ? signal : null,
      lastLine: this.#lastLine,
      overMemoryBytes: null,
      notStarted: isStarted ? null : (this.#failure ?? "its service ended at once"),
    });
  }

  #end(end: RunnerEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(end);
  }
}
