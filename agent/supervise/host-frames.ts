import { ByteQueue } from "./byte-queue.ts";

/**
 * What passes between an agent and the host of one of its runners, over a socket: frames of a head of 5 bytes (u32 bytes
 * of the body, little-endian, u8 type) and a body.
 */

export const FRAME_TYPES = [
  /** Agent to host, first of all and whenever it changes: `{memoryBytes}`. */
  "limits",
  /** Agent to host: an order for the runner. */
  "order",
  /** Agent to host: the runner has to end at once. */
  "kill",
  /** Host to agent: the runner's process id. */
  "launched",
  /** Host to agent: a message of the runner. */
  "answer",
  /** Host to agent: a piece of the results, as bytes. */
  "results",
  /** Host to agent: a line that the runner wrote. */
  "line",
  /** Host to agent, last of all: how the runner ended. */
  "end",
  /** Agent to host: `true` has the runner stand still, `false` go on. */
  "freeze",
] as const;
export type FrameType = (typeof FRAME_TYPES)[number];

export interface Frame {
  type: FrameType;
  body: Buffer;
}

const HEAD_BYTES = 5;
const MAX_BODY_BYTES = 16 * 2 ** 20;

export function packFrame(type: FrameType, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt8(FRAME_TYPES.indexOf(type), 4);
  return Buffer.concat([head, body]);
}

export function packJson(type: FrameType, value: unknown): Buffer {
  return packFrame(type, Buffer.from(JSON.stringify(value)));
}

/** Takes bytes as they come and gives whole frames; throws a RangeError at what is none. */
export class FrameReader {
  readonly #waiting = new ByteQueue();

  push(chunk: Buffer): Frame[] {
    this.#waiting.push(chunk);
    const frames: Frame[] = [];
    for (let one = this.#take(); one !== null; one = this.#take()) frames.push(one);
    return frames;
  }

  #take(): Frame | null {
    if (this.#waiting.length < HEAD_BYTES) return null;
    const head = this.#waiting.peek(HEAD_BYTES);
    const bodyBytes = head.readUInt32LE(0);
    const type = FRAME_TYPES[head.readUInt8(4)];
    if (type === undefined || bodyBytes > MAX_BODY_BYTES) {
      throw new RangeError(
        `Expected a frame of at most ${MAX_BODY_BYTES} bytes but got ${head.toString("hex", 0, HEAD_BYTES)}`,
      );
    }
    if (this.#waiting.length < HEAD_BYTES + bodyBytes) return null;
    return { type, body: this.#waiting.take(HEAD_BYTES + bodyBytes).subarray(HEAD_BYTES) };
  }
}
