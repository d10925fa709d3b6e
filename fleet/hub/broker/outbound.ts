import { Writable } from "node:stream";
import type { TLSSocket } from "node:tls";

/** A reconnecting operator's first read of a thousand devices fits. */
export const MOST_UNREAD_BYTES = 64 << 20;
/** Of all sessions together. What waits costs the hub's memory up to twice: as plain text and encrypted. */
const MOST_UNREAD_IN_ALL_BYTES = 128 << 20;
/** With at least this much waiting, a session of which nothing leaves for so long is given up. */
const STALLED_BYTES = 256 << 10;
const STALLED_MS = 15_000;
const LOOK_MS = 250;

/** What is looked at of a socket. */
export type OutboundSocket = Pick<
  TLSSocket,
  "writableLength" | "bytesWritten" | "writable" | "destroyed" | "write" | "end" | "destroy"
> &
  Pick<NodeJS.EventEmitter, "once">;

interface Lane {
  socket: OutboundSocket;
  /** Who is charged, once that is known. */
  whose: () => string;
  leftBytes: number;
  leftAtMs: number;
  onGivenUp: (unreadBytes: number) => void;
}

/**
 * What the broker sends to its sessions. Each takes everything at once, so that no session's slowness is another's:
 * the broker would wait with its next message for the slowest reader. Who does not read is ended: by time, by what
 * waits for all sessions of one peer, and, where all peers together have too much waiting, by who has the most.
 */
export class Outbound {
  readonly #lanes = new Set<Lane>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  open(
    socket: OutboundSocket,
    whose: () => string,
    onGivenUp: (unreadBytes: number) => void,
  ): Writable {
    const lane = { socket, whose, leftBytes: 0, leftAtMs: this.#now(), onGivenUp };
    this.#lanes.add(lane);
    socket.once("close", () => this.#lanes.delete(lane));
    return new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (!socket.destroyed && socket.writable) {
          socket.write(chunk);
          if (socket.writableLength > MOST_UNREAD_BYTES) this.#giveUp(lane);
        }
        done();
      },
      final(done) {
        socket.end();
        done();
      },
      destroy(error, done) {
        socket.destroy();
        done(error);
      },
    });
  }

  /** Called by itself four times a second. */
  look(): void {
    for (const lane of this.#lanes) if (this.#isStalled(lane)) this.#giveUp(lane);
    const byPeer = new Map<string, Lane[]>();
    for (const lane of this.#lanes) {
      if (lane.socket.writableLength === 0) continue;
      byPeer.set(lane.whose(), [...(byPeer.get(lane.whose()) ?? []), lane]);
    }
    for (const lanes of byPeer.values()) this.#shorten(lanes, MOST_UNREAD_BYTES);
    this.#shorten([...byPeer.values()].flat(), MOST_UNREAD_IN_ALL_BYTES);
  }

  #isStalled(lane: Lane): boolean {
    const { socket } = lane;
    const left = socket.bytesWritten - socket.writableLength;
    if (left === lane.leftBytes && socket.writableLength >= STALLED_BYTES) {
      return this.#now() - lane.leftAtMs >= STALLED_MS;
    }
    lane.leftBytes = left;
    lane.leftAtMs = this.#now();
    return false;
  }

  /** Ends those of `lanes` with the most waiting until no more than `mostBytes` is left. */
  #shorten(lanes: readonly Lane[], mostBytes: number): void {
    const alive = lanes.filter((lane) => this.#lanes.has(lane));
    let bytes = alive.reduce((sum, { socket }) => sum + socket.writableLength, 0);
    if (bytes <= mostBytes) return;
    const longest = alive.sort((a, b) => b.socket.writableLength - a.socket.writableLength);
    for (const lane of longest) {
      if (bytes <= mostBytes) return;
      bytes -= lane.socket.writableLength;
      this.#giveUp(lane);
    }
  }

  #giveUp(lane: Lane): void {
    if (!this.#lanes.delete(lane)) return;
    lane.onGivenUp(lane.socket.writableLength);
    lane.socket.destroy();
  }
}
