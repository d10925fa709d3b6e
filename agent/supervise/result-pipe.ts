import { Socket } from "node:net";
import { type Envelope, packEnvelope } from "./envelope.ts";

/** The file descriptor of the pipe from a runner to its agent, in the runner; 3 is Node's IPC channel. */
export const RESULT_FD = 4;

/** The pipe of a runner that builds: it sends pieces that were asked for. Of one with a pipeline, native threads write. */
export class ResultPipe {
  readonly #socket = new Socket({ fd: RESULT_FD, readable: false, writable: true });

  constructor() {
    // The agent is gone; the channel of orders says so as well, and ends the runner.
    this.#socket.on("error", () => undefined);
  }

  send(envelope: Envelope): void {
    this.#socket.write(packEnvelope(envelope));
  }
}
