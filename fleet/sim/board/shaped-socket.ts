import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Behaviour } from "./behaviour.ts";

/** Delay and rate of one direction of a link. */
class Lane {
  #freeAtMs = 0;
  readonly #behaviour: Behaviour;
  readonly #underWay: (() => void)[] = [];

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  /**
   * Hands over a piece of `bytes` now: `sent` is called once it has left the sender, `arrives` once it is at the other end.
   * A timer that is set late in a busy turn of the event loop may fire before one that was set for an earlier moment, so
   * that timers say when something arrives, and the order of calls what.
   */
  carry(bytes: number, arrives: () => void, sent = () => {}): void {
    const { sshBytesPerSecond, sshDelayMs = 0 } = this.#behaviour;
    const takesMs = sshBytesPerSecond === undefined ? 0 : (bytes / sshBytesPerSecond) * 1000;
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + takesMs;
    this.#underWay.push(arrives);
    at(this.#freeAtMs, sent);
    at(this.#freeAtMs + sshDelayMs, () => this.#underWay.shift()?.());
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
    socket.on("end", () => this.#up.carry(0, () => this.push(null)));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.#up.carry(0, () => this.destroy()));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#down.carry(piece.length, () => this.#socket.writable && this.#socket.write(piece), done);
  }

  override _final(done: () => void): void {
    this.#down.carry(0, () => this.#socket.end());
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
    this.#socket.pause();
    this.#up.carry(
      piece.length,
      () => this.push(piece),
      () => this.#socket.resume(),
    );
  }
}

function at(timeMs: number, action: () => void): void {
  setTimeout(action, Math.max(0, timeMs - performance.now()));
}
