import { Transform, type TransformCallback } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";

/** MQTT 3.1.1 §2.2.3: the remaining length takes at most four bytes. */
const MAX_LENGTH_BYTES = 4;
/** So many packets of one connection, and it is another's turn. */
const PACKETS_PER_TURN = 64;
/** Who sent too much is not read for so long, as reading alone costs. In less its peer would earn hardly anything anew. */
const PAUSE_MS = 50;

export class PacketTooLarge extends Error {
  constructor() {
    super("connection closed: packet too large");
  }
}

/** MQTT 3.1.1 §2.2, §3.3.1: what the first byte and the length of a packet say; `bytes` is all of it. */
export interface PacketHead {
  type: number;
  qos: number;
  retain: boolean;
  bytes: number;
}

/** What becomes of a packet: it is left out, or passed on so much later. */
export type Verdict = "drop" | { waitMs: number };

/** Bytes to pass on, or a time for which to pass on nothing; 0: until others had their turn. */
export type Piece = Uint8Array | { waitMs: number };

/**
 * Watches the packet boundaries of one connection, so that a peer that announces a huge packet is cut off before
 * its bytes are gathered (the parser would wait for up to 256 MB), and what is too much is not even parsed.
 */
export class FrameGuard {
  maxPacketBytes: number;
  judge: (head: PacketHead) => Verdict = () => ({ waitMs: 0 });
  /** Bytes of a packet whose length is not known yet. */
  #head: number[] = [];
  /** What is left of a packet whose length is known. */
  #remaining = 0;
  #drops = false;
  /** Since the last bytes came. */
  #dropped = false;

  constructor(maxPacketBytes: number) {
    this.maxPacketBytes = maxPacketBytes;
  }

  /** Passes the connection's bytes on, until a packet is too large. While it waits nothing more is read. */
  stream(): Transform {
    const pass = (chunk: Uint8Array, to: Transform): Promise<void> => this.#pass(chunk, to);
    return new Transform({
      transform(chunk: Uint8Array, _encoding, done: TransformCallback) {
        pass(chunk, this).then(() => done(), done);
      },
    });
  }

  async #pass(chunk: Uint8Array, to: Transform): Promise<void> {
    this.#dropped = false;
    for (const piece of this.pieces(chunk)) {
      if (to.destroyed) return;
      if (piece instanceof Uint8Array) to.push(piece);
      else if (piece.waitMs === 0) await setImmediate();
      else await setTimeout(piece.waitMs, undefined, { ref: false });
    }
    if (this.#dropped) await setTimeout(PAUSE_MS, undefined, { ref: false });
  }

  /** What belongs together stays one piece. Throws PacketTooLarge when the connection must be closed. */
  *pieces(chunk: Uint8Array): Generator<Piece> {
    let from = 0;
    let at = 0;
    for (let packets = 1; at < chunk.length; ) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        if (this.#drops) from = at;
        continue;
      }
      this.#head.push(chunk[at] ?? 0);
      at += 1;
      if (!this.#isHeadWhole()) continue;
      const head = this.#head;
      this.#head = [];
      const verdict = this.#judged(head);
      this.#drops = verdict === "drop";
      this.#dropped ||= this.#drops;
      const waitMs = verdict === "drop" ? 0 : verdict.waitMs;
      const isTurnOver = packets++ % PACKETS_PER_TURN === 0;
      const begunBefore = head.length > at - from;
      if (this.#drops || waitMs > 0 || isTurnOver || begunBefore) {
        if (!begunBefore) yield* some(chunk.subarray(from, at - head.length));
        if (waitMs > 0 || isTurnOver) yield { waitMs };
        if (!this.#drops) yield Uint8Array.from(head);
        from = at;
      }
    }
    yield* some(chunk.subarray(from, Math.max(from, at - this.#head.length)));
  }

  #isHeadWhole(): boolean {
    const lengthBytes = this.#head.length - 1;
    if (lengthBytes === 0) return false;
    if (((this.#head.at(-1) ?? 0) & 0x80) === 0) return true;
    if (lengthBytes === MAX_LENGTH_BYTES) throw new PacketTooLarge();
    return false;
  }

  #judged(head: readonly number[]): Verdict {
    const [first = 0, ...length] = head;
    this.#remaining = length.reduce((sum, byte, at) => sum + (byte & 0x7f) * 128 ** at, 0);
    if (this.#remaining > this.maxPacketBytes) throw new PacketTooLarge();
    const bytes = head.length + this.#remaining;
    return this.judge({
      type: first >> 4,
      qos: (first >> 1) & 3,
      retain: (first & 1) === 1,
      bytes,
    });
  }
}

function some(piece: Uint8Array): Uint8Array[] {
  return piece.length === 0 ? [] : [piece];
}
