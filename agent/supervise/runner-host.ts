import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type Frame, FrameReader, type FrameType, packFrame, packJson } from "./host-frames.ts";
import { ToRunner } from "./ipc/orders.ts";
import { ForkedRunner, RunnerLimits } from "./runner-child.ts";

/** A runner whose agent is gone gets this long to end by itself. */
const ORPHAN_MS = 5000;
/** A line that nobody reads is lost beyond so much; results have a bound of their own. */
const MAX_WAITING_BYTES = 4 * 2 ** 20;

/**
 * The process that systemd starts, as another user than the agent's, for each connection of the agent to the runners'
 * socket: forks one runner, passes on what the two say, and tells how it ended. Standard input is the connection; with
 * `halves`, as in a container, whose engine passes on bytes and no socket, standard input and output are its two halves.
 */
export function runHost(bundlePath: string, halves: boolean): void {
  const connection = !halves
    ? new Socket({ fd: 0, readable: true, writable: true })
    : joined(
        new Socket({ fd: 0, readable: true, writable: false }),
        new Socket({ fd: 1, readable: false, writable: true }),
      );
  new RunnerHost(connection, bundlePath, () => process.exit(0));
  // The runner decides when it ends, and the host ends with it.
  process.on("SIGTERM", () => connection.end());
}

/** One connection of two pipes, which is over as soon as nothing more comes, as a socket is. */
export function joined(readable: Duplex, writable: Duplex): Duplex {
  const connection = Duplex.from({ readable, writable });
  connection.once("end", () => connection.destroy());
  return connection;
}

export class RunnerHost {
  readonly #socket: Duplex;
  readonly #bundlePath: string;
  readonly #reader = new FrameReader();
  readonly #onOver: () => void;
  #runner: ForkedRunner | null = null;
  #isOver = false;

  constructor(socket: Duplex, bundlePath: string, onOver: () => void) {
    this.#socket = socket;
    this.#bundlePath = bundlePath;
    this.#onOver = onOver;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => this.#runner?.resume());
    socket.on("error", () => undefined); // its close says the same
    socket.on("close", () => this.#orphan());
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      process.stderr.write(`the agent sent what is not of its protocol: ${String(error)}\n`);
      this.#socket.destroy();
    }
  }

  #take({ type, body }: Frame): void {
    if (type === "kill") return this.#runner?.kill();
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (type === "order") this.#runner?.send(ToRunner.parse(value));
    if (type === "freeze") this.#runner?.freeze(value === true);
    if (type !== "limits") return;
    const limits = RunnerLimits.parse(value);
    if (this.#runner === null) this.#launch(limits);
    else this.#runner.limitMemory(limits.memoryBytes);
  }

  #launch(limits: RunnerLimits): void {
    this.#runner = new ForkedRunner(this.#bundlePath, limits, {
      onAnswer: (raw) => this.#tell("answer", raw),
      onResults: (chunk) => this.#socket.write(packFrame("results", chunk)),
      onLine: (line) => {
        if (this.#socket.writableLength < MAX_WAITING_BYTES) this.#tell("line", line);
      },
      onEnd: (end) => {
        this.#isOver = true;
        this.#tell("end", end);
        this.#socket.end(this.#onOver);
      },
    });
    if (this.#runner.pid !== undefined) this.#tell("launched", this.#runner.pid);
  }

  #tell(type: FrameType, value: unknown): void {
    if (this.#socket.writable) this.#socket.write(packJson(type, value));
  }

  /** The agent is gone. */
  #orphan(): void {
    const runner = this.#runner;
    if (this.#isOver || runner === null) return this.#onOver();
    runner.disconnect();
    setTimeout(() => {
      runner.kill();
      this.#onOver();
    }, ORPHAN_MS).unref();
  }
}
