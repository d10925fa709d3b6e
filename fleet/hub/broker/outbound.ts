import { Writable } from "node:stream";
import type { TLSSocket } from "node:tls";

/** A reconnecting operator's first read of a thousand devices fits. */
export const MOST_UNREAD_BYTES = 64 << 20;
/** Of all sessions together. What waits costs the hub's memory up to twice: as plain text and encrypted. */
const MOST_UNREAD_IN_ALL_BYTES = 128 << 20;
/** With at least this much waiting, a session of which nothing leaves for so long is given up. */
const STALLED_BYTES = 256 << 10;
const STALLED_MS = 15_000;
/** With more waiting, what may be lost is not even written for a session any more. */
const MOST_UNREAD_OF_LOSSY_BYTES = 512 << 10;
/** What a write that waits costs beside its bytes; measured with a million writes of ten bytes. */
const WRITE_BYTES = 230;
const LOOK_MS = 250;

/** What is looked at of a socket. */
export type OutboundSocket = Pick<
  TLSSocket,
  "writableLength" | "bytesWritten" | "writable" | "destroyed" | "write" | "end" | "destroy"
> &
  Pick<NodeJS.EventEmitter, "once">;

/** The way to one session. */
export interface Lane {
  stream: Writable;
  /** Whether there is room for what may be lost. */
  isFree(): boolean;
  /** Ends the session. */
  giveUp(): void;
}

interface OpenLane {
  socket: OutboundSocket;
  /** Who is charged, once that is known. */
  whose: () => string;
  /** Writes that wait. */
  writes: number;
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
  readonly #lanes = new Set<OpenLane>();
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
  ): Lane {
    const lane: OpenLane = {
      socket,
      whose,
      writes: 0,
      leftBytes: 0,
      leftAtMs: this.#now(),
      onGivenUp,
    };
    this.#lanes.add(lane);
    socket.once("close", () => this.#lanes.delete(lane));
    const left = (): void => {
      lane.writes -= 1;
    };
    const stream = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (!socket.destroyed && socket.writable) {
          lane.writes += 1;
          socket.write(chunk, left);
          if (unreadBytes(lane) > MOST_UNREAD_BYTES) this.#giveUp(lane);
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
    const isFree = (): boolean => unreadBytes(lane) < MOST_UNREAD_OF_LOSSY_BYTES;
    return { stream, isFree, giveUp: () => this.#giveUp(lane) };
  }

  /** Called by itself four times a second. */
  look(): void {
    for (const lane of this.#lanes) if (this.#isStalled(lane)) this.#giveUp(lane);
    const byPeer = new Map<string, OpenLane[]>();
    for (const lane of this.#lanes) {
      if (lane.socket.writableLength === 0) continue;
      byPeer.set(lane.whose(), [...(byPeer.get(lane.whose()) ?? []), lane]);
    }
    for (const lanes of byPeer.values()) this.#shorten(lanes, MOST_UNREAD_BYTES);
    this.#shorten([...byPeer.values()].flat(), MOST_UNREAD_IN_ALL_BYTES);
  }

  #isStalled(lane: OpenLane): boolean {
    const { socket } = lane;
    const left = socket.bytesWritten - socket.writableLength;
    if (left === lane.leftBytes && unreadBytes(lane) >= STALLED_BYTES) {
      return this.#now() - lane.leftAtMs >= STALLED_MS;
    }
    lane.leftBytes = left;
    lane.leftAtMs = this.#now();
    return false;
  }

  /** Ends those of `lanes` with the most waiting until no more than `mostBytes` is left. */
  #shorten(lanes: readonly OpenLane[], mostBytes: number): void {
    const alive = lanes.filter((lane) => this.#lanes.has(lane));
    let bytes = alive.reduce((sum, lane) => sum + unreadBytes(lane), 0);
    if (bytes <= mostBytes) return;
    const longest = alive.sort((a, b) => unreadBytes(b) - unreadBytes(a));
    for (const lane of longest) {
      if (bytes <= mostBytes) return;
      bytes -= unreadBytes(lane);
      this.#giveUp(lane);
    }
  }

  #giveUp(lane: OpenLane): void {
    if (!this.#lanes.delete(lane)) return;
    lane.onGivenUp(unreadBytes(lane));
    lane.socket.destroy();
  }
}

function unreadBytes({ socket, writes }: OpenLane): number {
  return socket.writableLength + writes * WRITE_BYTES;
}
