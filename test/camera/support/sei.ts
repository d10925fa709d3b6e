/**
 * Reads the camera's SEI messages from an H.264 byte stream, independently of native/core: user data
 * unregistered (H.264 D.1.7) with our UUID, frame number and capture time as big-endian 64-bit numbers.
 */
const UUID = Buffer.from("jetfleet-frame-1", "latin1");

export interface FrameTag {
  frame: number;
  capturedAtMs: number;
}

function* nalUnits(stream: Buffer): Generator<Buffer> {
  const starts: number[] = [];
  for (let at = stream.indexOf("000001", 0, "hex"); at >= 0; ) {
    starts.push(at + 3);
    at = stream.indexOf("000001", at + 3, "hex");
  }
  for (const [i, start] of starts.entries()) {
    const next = starts[i + 1];
    yield stream.subarray(start, next === undefined ? stream.length : next - 3);
  }
}

/** Takes out the bytes of emulation prevention (H.264 7.3.1). */
function unescape(nal: Buffer): Buffer {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}

/** One tag per picture, in the stream's order; null for a picture that has none. */
export function frameTags(stream: Buffer): (FrameTag | null)[] {
  const tags: (FrameTag | null)[] = [];
  let pending: FrameTag | null = null;
  for (const nal of nalUnits(stream)) {
    const type = (nal[0] ?? 0) & 0x1f;
    if (type === 6) {
      const sei = unescape(nal);
      const at = sei.indexOf(UUID);
      if (at !== 3 || sei[1] !== 5 || sei[2] !== 32) continue;
      pending = {
        frame: Number(sei.readBigUInt64BE(at + 16)),
        capturedAtMs: Number(sei.readBigUInt64BE(at + 24)) / 1000,
      };
    } else if (type === 1 || type === 5) {
      tags.push(pending);
      pending = null;
    }
  }
  return tags;
}
