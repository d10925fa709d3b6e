import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Behaviour } from "./behaviour.ts";

/** Delay and rate of one direction of a link. */
class Lane {
  #freeAtMs = 0;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  /** When a piece of `bytes` that is handed over at `nowMs` has left the sender and when it arrives. */
  schedule(bytes: number, nowMs: number): { sentAtMs: number; arrivesAtMs: number } {
    const { sshBytesPerSecond, sshDelayMs = 0 } = this.#behaviour;
    const takesMs = sshBytesPerSecond === undefined ? 0 : (bytes / sshBytesPerSecond) * 1000;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + takesMs;
    return { sentAtMs: this.#freeAtMs, arrivesAtMs: this.#freeAtMs + sshDelayMs };
  }
}

/**
 * The far end of `socket` behind a slow link: the same bytes in the same order, later. Pieces in flight are
 * bounded by the stream's own buffers, because a writer is called back only once its piece has been sent.
 */
export class ShapedSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly #socket: Socket;
  readonly #up: Lane;
  readonly #down: Lane;

  constructor(socket: Socket, behaviour: Behaviour) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#up = new Lane(behaviour);
    this.#down = new Lane(behaviour);
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.remoteFamily = socket.remoteFamily;
    socket.on("data", (piece: Buffer) => this.#receive(piece));
    socket.on("end", () => this.#later(this.#up, 0, () => this.push(null)));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.#later(this.#up, 0, () => this.destroy()));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const { sentAtMs, arrivesAtMs } = this.#down.schedule(piece.length, performance.now());
    at(arrivesAtMs, () => this.#socket.writable && this.#socket.write(piece));
    at(sentAtMs, done);
  }

  override _final(done: () => void): void {
    this.#later(this.#down, 0, () => this.#socket.end());
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** ssh2 switches Nagle's algorithm off. */
  setNoDelay(): this {
    this.#socket.setNoDelay();
    return this;
  }

  #receive(piece: Buffer): void {
    const { sentAtMs, arrivesAtMs } = this.#up.schedule(piece.length, performance.now());
    this.#socket.pause();
    at(sentAtMs, () => this.#socket.resume());
    at(arrivesAtMs, () => this.push(piece));
  }

  #later(lane: Lane, bytes: number, action: () => void): void {
    at(lane.schedule(bytes, performance.now()).arrivesAtMs, action);
  }
}

// Timers of equal time fire in the order they were set, so the bytes keep their order.
function at(timeMs: number, action: () => void): void {
  setTimeout(action, Math.max(0, timeMs - performance.now()));
}
