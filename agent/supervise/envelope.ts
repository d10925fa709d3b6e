/**
 * How results travel from a runner to its agent: over a pipe of their own, as bytes that the native runtime wrote, so
 * that nobody between camera and broker parses or writes them again. One message is a head of 8 bytes (little-endian:
 * u32 bytes of the body, u8 type, u8 bytes of the model's id, u16 frames), then the id, then JSON.
 */

/** `frames` and `stats` hold what api.ts says of NativeMessage; the JSON of the others is the rest of it. */
export const ENVELOPE_TYPES = ["frames", "stats", "source", "failed", "warning"] as const;
export type EnvelopeType = (typeof ENVELOPE_TYPES)[number];

export interface Envelope {
  type: EnvelopeType;
  /** Of frames; empty otherwise. */
  modelId: string;
  /** Frames in `json`; 0 of other types. */
  frames: number;
  json: Uint8Array;
}

const HEAD_BYTES = 8;
/** The id of the last message: those of one model come in a row. */
let lastId = { text: "", bytes: Buffer.alloc(0) };
/** The native runtime ends a message of frames at 256 KiB; one frame of many objects may exceed that. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export function packEnvelope({ type, modelId, frames, json }: Envelope): Buffer {
  const id = bytesOf(modelId);
  const bodyBytes = id.length + json.length;
  if (id.length > 255 || frames > 65_535 || bodyBytes > MAX_BODY_BYTES) {
    throw new RangeError(`No envelope holds ${bodyBytes} bytes of ${frames} frames`);
  }
  const packed = Buffer.allocUnsafe(HEAD_BYTES + bodyBytes);
  packed.writeUInt32LE(bodyBytes, 0);
  packed.writeUInt8(ENVELOPE_TYPES.indexOf(type), 4);
  packed.writeUInt8(id.length, 5);
  packed.writeUInt16LE(frames, 6);
  id.copy(packed, HEAD_BYTES);
  packed.set(json, HEAD_BYTES + id.length);
  return packed;
}

function bytesOf(modelId: string): Buffer {
  if (modelId !== lastId.text) lastId = { text: modelId, bytes: Buffer.from(modelId, "utf8") };
  return lastId.bytes;
}

/**
 * Takes bytes as they come and gives whole envelopes. Throws a RangeError at what no runner sends; nothing can be read
 * after that, for where the next message begins is not known.
 */
export class EnvelopeReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  push(chunk: Buffer): Envelope[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const found: Envelope[] = [];
    for (let one = this.#take(); one !== null; one = this.#take()) found.push(one);
    return found;
  }

  #take(): Envelope | null {
    if (this.#bytes < HEAD_BYTES) return null;
    const head = this.#peek(HEAD_BYTES);
    const bodyBytes = head.readUInt32LE(0);
    const type = ENVELOPE_TYPES[head.readUInt8(4)];
    const idBytes = head.readUInt8(5);
    if (type === undefined || bodyBytes > MAX_BODY_BYTES || idBytes > bodyBytes) {
      throw new RangeError(
        `Expected an envelope of at most ${MAX_BODY_BYTES} bytes but got a head of ${head.toString("hex", 0, HEAD_BYTES)}`,
      );
    }
    const end = HEAD_BYTES + bodyBytes;
    if (this.#bytes < end) return null;
    const whole = this.#peek(end);
    this.#chunks =
      whole.length === end
        ? this.#chunks.slice(1)
        : [whole.subarray(end), ...this.#chunks.slice(1)];
    this.#bytes -= end;
    return {
      type,
      modelId: whole.toString("utf8", HEAD_BYTES, HEAD_BYTES + idBytes),
      frames: head.readUInt16LE(6),
      json: whole.subarray(HEAD_BYTES + idBytes, end),
    };
  }

  /** The first chunk, with at least so many bytes in it, which are there. */
  #peek(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
