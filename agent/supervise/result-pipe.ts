import { Socket } from "node:net";
import { ByteSlab } from "./byte-slab.ts";
import { type Envelope, packEnvelope } from "./envelope.ts";

/** The file descriptor of the pipe in the runner; 3 is Node's IPC channel. */
export const RESULT_FD = 4;

/** An agent that is this far behind gets no more frames: told late they would be worth nothing. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** The runner's end of the pipe to the agent. Bounded: what the agent does not take in time is dropped and counted. */
export class ResultPipe {
  readonly #socket: Pick<Socket, "write" | "end" | "writableLength">;
  readonly #slab = new ByteSlab();
  #framesDropped = 0;
  #statsDropped = 0;
  #eventsDropped = 0;

  constructor(socket: Pick<Socket, "write" | "end" | "writableLength"> = openResultSocket()) {
    this.#socket = socket;
  }

  /** Frames that were dropped so far, because the agent did not read. */
  get framesDropped(): number {
    return this.#framesDropped;
  }

  /** Messages of statistics that were dropped so far, for the same reason. */
  get statsDropped(): number {
    return this.#statsDropped;
  }

  /** Events of lines and zones that were dropped so far, for the same reason. */
  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  /** States and errors are few and always go; statistics and events go unless twice as much waits. */
  send(envelope: Envelope): void {
    const waiting = this.#socket.writableLength;
    if (envelope.type === "frames" && waiting > MAX_WAITING_BYTES) {
      this.#framesDropped += envelope.frames;
      return;
    }
    if (envelope.type === "stats" && waiting > 2 * MAX_WAITING_BYTES) {
      this.#statsDropped += 1;
      return;
    }
    if (envelope.type === "analytics" && waiting > 2 * MAX_WAITING_BYTES) {
      this.#eventsDropped += envelope.frames;
      return;
    }
    // All has left: its memory is used again, which is still in the processor's cache.
    if (waiting === 0) this.#slab.rewind();
    this.#socket.write(packEnvelope(envelope, this.#slab));
  }

  /** Resolves when everything has left. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.end(() => resolve());
    });
  }
}

function openResultSocket(): Socket {
  const socket = new Socket({ fd: RESULT_FD, readable: false, writable: true });
  // The agent is gone; the channel of orders says so as well, and ends the runner.
  socket.on("error", () => undefined);
  return socket;
}
