import type { Clip } from "./clip.ts";
import { jpegPayloads } from "./rtp-jpeg.ts";

/** Largest payload of one packet, as on an Ethernet. */
const MAX_PAYLOAD = 1400;
export const VIDEO_CLOCK = 90_000;
/** Seconds from 1900 (NTP) to 1970. */
const NTP_EPOCH = 2_208_988_800;

export interface Packetiser {
  payloadType: number;
  ssrc: number;
  sequence: number;
}

/** RTP packets of one picture: RFC 6184 (single NAL units and FU-A), RFC 7798 (FU), RFC 2435. */
export function packPicture(
  nals: readonly Buffer[],
  codec: Clip["codec"],
  timestamp: number,
  state: Packetiser,
): Buffer[] {
  const payloads = nals.flatMap(PAYLOADS[codec]);
  return payloads.map((payload, i) => packet(payload, timestamp, i === payloads.length - 1, state));
}

export function packet(
  payload: Buffer,
  timestamp: number,
  marker: boolean,
  state: Packetiser,
): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (marker ? 0x80 : 0) | state.payloadType;
  header.writeUInt16BE(state.sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(state.ssrc, 8);
  state.sequence = (state.sequence + 1) & 0xffff;
  return Buffer.concat([header, payload]);
}

const PAYLOADS: Record<Clip["codec"], (nal: Buffer) => Buffer[]> = {
  h264: fragment,
  h265: fragmentH265,
  jpeg: jpegPayloads,
};

function fragmentH265(nal: Buffer): Buffer[] {
  if (nal.length <= MAX_PAYLOAD) return [nal];
  const [first = 0, second = 0] = nal;
  const type = (first >> 1) & 0x3f;
  const parts: Buffer[] = [];
  for (let at = 2; at < nal.length; at += MAX_PAYLOAD) {
    const end = Math.min(at + MAX_PAYLOAD, nal.length);
    const flags = (at === 2 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    const head = Buffer.from([(first & 0x81) | (49 << 1), second, flags | type]);
    parts.push(Buffer.concat([head, nal.subarray(at, end)]));
  }
  return parts;
}

function fragment(nal: Buffer): Buffer[] {
  if (nal.length <= MAX_PAYLOAD) return [nal];
  const header = nal[0] ?? 0;
  const parts: Buffer[] = [];
  for (let at = 1; at < nal.length; at += MAX_PAYLOAD) {
    const end = Math.min(at + MAX_PAYLOAD, nal.length);
    const flags = (at === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    parts.push(
      Buffer.concat([
        Buffer.from([(header & 0xe0) | 28, flags | (header & 0x1f)]),
        nal.subarray(at, end),
      ]),
    );
  }
  return parts;
}

/** RTCP: a sender report (RFC 3550, 6.4.1) that ties a wall clock to an RTP time, and the name it needs. */
export function senderReport(ssrc: number, epochMs: number, timestamp: number): Buffer {
  const report = Buffer.alloc(28);
  report.writeUInt32BE(0x80c80006, 0);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE((Math.floor(epochMs / 1000) + NTP_EPOCH) >>> 0, 8);
  report.writeUInt32BE(Math.floor(((epochMs % 1000) / 1000) * 2 ** 32) >>> 0, 12);
  report.writeUInt32BE(timestamp >>> 0, 16);
  const name = Buffer.from([0x81, 202, 0, 3, 0, 0, 0, 0, 1, 3, 99, 97, 109, 0, 0, 0]);
  name.writeUInt32BE(ssrc, 4);
  return Buffer.concat([report, name]);
}
