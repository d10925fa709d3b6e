import { ByteQueue } from "./byte-queue.ts";

/**
 * How results travel from a runner to its agent: over a pipe of their own, as bytes that the native runtime wrote, so
 * that nobody between camera and broker parses or writes them again. One message is a head of 8 bytes (little-endian:
 * u32 bytes of the body, u8 type, u8 bytes of the model's id, u16 frames), then the id, then JSON.
 */

/**
 * `frames`, `stats` and `analytics` hold what api.ts says of NativeMessage; the JSON of the others is the rest of it. `engine` holds a
 * piece of one, as bytes, and `timing-cache` what a builder found out so far.
 */
export const ENVELOPE_TYPES = [
  "frames",
  "stats",
  "source",
  "failed",
  "warning",
  "engine",
  "timing-cache",
  "analytics",
] as const;
export type EnvelopeType = (typeof ENVELOPE_TYPES)[number];

export interface Envelope {
  type: EnvelopeType;
  /** Of frames; empty otherwise. */
  modelId: string;
  /** Frames in `json`, or events of `analytics`; 0 of other types. */
  frames: number;
  json: Uint8Array;
}

const HEAD_BYTES = 8;
/** Of the last message read: those of one model come in a row. */
let lastRead = { modelId: "", id: Buffer.alloc(0) };
/** The native runtime ends a message of frames at 256 KiB; one frame of many objects may exceed that. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export function packEnvelope({ type, modelId, frames, json }: Envelope): Buffer {
  const id = Buffer.from(modelId, "utf8");
  const bodyBytes = id.length + json.length;
  if (id.length > 255 || frames > 65_535 || bodyBytes > MAX_BODY_BYTES) {
    throw new RangeError(`No envelope holds ${bodyBytes} bytes of ${frames} frames`);
  }
  const packed = Buffer.allocUnsafe(HEAD_BYTES + bodyBytes);
  packed.writeUInt32LE(bodyBytes, 0);
  packed[4] = ENVELOPE_TYPES.indexOf(type);
  packed[5] = id.length;
  packed.writeUInt16LE(frames, 6);
  packed.set(id, HEAD_BYTES);
  packed.set(json, HEAD_BYTES + id.length);
  return packed;
}

function idIn(whole: Buffer, end: number): string {
  if (whole.compare(lastRead.id, 0, lastRead.id.length, HEAD_BYTES, end) !== 0) {
    const id = Buffer.from(whole.subarray(HEAD_BYTES, end));
    lastRead = { modelId: id.toString("utf8"), id };
  }
  return lastRead.modelId;
}

/**
 * Takes bytes as they come and gives whole envelopes. Throws a RangeError at what no runner sends; nothing can be read
 * after that, for where the next message begins is not known.
 */
export class EnvelopeReader {
  readonly #waiting = new ByteQueue();

  push(chunk: Buffer): Envelope[] {
    this.#waiting.push(chunk);
    const found: Envelope[] = [];
    for (let one = this.#take(); one !== null; one = this.#take()) found.push(one);
    return found;
  }

  #take(): Envelope | null {
    if (this.#waiting.length < HEAD_BYTES) return null;
    const head = this.#waiting.peek(HEAD_BYTES);
    const bodyBytes = head.readUInt32LE(0);
    const type = ENVELOPE_TYPES[head.readUInt8(4)];
    const idBytes = head.readUInt8(5);
    if (type === undefined || bodyBytes > MAX_BODY_BYTES || idBytes > bodyBytes) {
      throw new RangeError(
        `Expected an envelope of at most ${MAX_BODY_BYTES} bytes but got a head of ${head.toString("hex", 0, HEAD_BYTES)}`,
      );
    }
    if (this.#waiting.length < HEAD_BYTES + bodyBytes) return null;
    const whole = this.#waiting.take(HEAD_BYTES + bodyBytes);
    return {
      type,
      modelId: idIn(whole, HEAD_BYTES + idBytes),
      frames: whole.readUInt16LE(6),
      json: whole.subarray(HEAD_BYTES + idBytes),
    };
  }
}
