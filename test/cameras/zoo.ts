import type { HostileRequest, Hostility } from "./hostile-camera.ts";
import { packet, VIDEO_CLOCK } from "./rtp.ts";

/**
 * Cameras that want their viewer to run out of memory, threads or patience, each by one thing that RTSP, SDP, RTP or
 * H.264 lets a sender do without end.
 */
export const ZOO: Record<string, Hostility> = {
  "endless headers": (r) => {
    r.send(`RTSP/1.0 200 OK\r\nCSeq: ${r.sequence}\r\n`);
    r.flood(Buffer.from(`X-More: ${"x".repeat(1000)}\r\n`.repeat(60)));
  },
  "one header without an end": (r) => {
    r.send(`RTSP/1.0 200 OK\r\nCSeq: ${r.sequence}\r\nX-More: `);
    r.flood(Buffer.alloc(64 * 1024, "x"));
  },
  "an answer that drips": (r) => {
    r.send(`RTSP/1.0 200 OK\r\nCSeq: ${r.sequence}\r\n`);
    r.drip(() => Buffer.from("X-More: x\r\n"), 200);
  },
  "a description that drips": describing((r) => {
    r.send(head(r, ["Content-Type: application/sdp", "Content-Length: 1000000"]));
    r.drip(() => Buffer.from("v"), 200);
  }),
  "a description of 2 GiB": describing((r) => {
    r.send(head(r, ["Content-Type: application/sdp", "Content-Length: 2147483647"]));
    r.flood(Buffer.alloc(64 * 1024, "a=x:y\r\n"));
  }),
  "a length beyond numbers": describing((r) => {
    r.send(head(r, ["Content-Type: application/sdp", "Content-Length: 18446744073709551615"]));
    r.flood(Buffer.alloc(64 * 1024, "a=x:y\r\n"));
  }),
  "a negative length": describing((r) => {
    r.send(head(r, ["Content-Type: application/sdp", "Content-Length: -1"]));
  }),
  "a redirect to itself": (r) => {
    r.send(
      `RTSP/1.0 302 Moved Temporarily\r\nCSeq: ${r.sequence}\r\nLocation: ${r.uri}${r.count}\r\n\r\n`,
    );
  },
  "a log-in that is never enough": (r) => {
    r.send(
      `RTSP/1.0 401 Unauthorized\r\nCSeq: ${r.sequence}\r\n` +
        `WWW-Authenticate: Digest realm="camera", nonce="${r.count}", stale=TRUE\r\n\r\n`,
    );
  },
  "20,000 tracks": describing((r) => {
    const track = (i: number) =>
      `m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t${i}\r\n`;
    describe(r, Array.from({ length: 20_000 }, (_, i) => track(i)).join(""));
  }),
  "packets before any answer": (r) => {
    r.flood(Buffer.concat([Buffer.from([0x24, 0, 0xff, 0xff]), Buffer.alloc(0xffff)]));
  },
  "a picture without an end": playing((r) => {
    // FU-A fragments of one NAL unit, none of which is its last.
    const state = { payloadType: 96, ssrc: 7, sequence: 0 };
    let begun = false;
    const part = (): Buffer => {
      const flags = begun ? 0x05 : 0x85;
      begun = true;
      const payload = Buffer.concat([Buffer.from([0x7c, flags]), Buffer.alloc(60_000, 0x5a)]);
      return interleaved(packet(payload, 0, false, state));
    };
    r.drip(() => Buffer.concat(Array.from({ length: 20 }, part)), 10);
  }),
  "a sender of many names": playing((r) => {
    let ssrc = 1;
    const one = (): Buffer => {
      ssrc += 1;
      return interleaved(
        packet(Buffer.from([0x65, 0x88]), ssrc * VIDEO_CLOCK, true, {
          payloadType: 96,
          ssrc,
          sequence: ssrc & 0xffff,
        }),
      );
    };
    r.drip(() => Buffer.concat(Array.from({ length: 50 }, one)), 10);
  }),
  "a picture of 16384 by 16384": playing((r) => {
    const state = { payloadType: 96, ssrc: 9, sequence: 0 };
    let time = 0;
    r.drip(() => {
      time += 3600;
      const nals = [sequenceParameterSet(1024, 1024), Buffer.from("68ce3c80", "hex")];
      const slice = Buffer.concat([Buffer.from("658884", "hex"), Buffer.alloc(1000, 0x21)]);
      return Buffer.concat(
        [...nals, slice].map((nal, i) => interleaved(packet(nal, time, i === 2, state))),
      );
    }, 40);
  }),
};

/** Well behaved up to DESCRIBE. */
function describing(hostility: Hostility): Hostility {
  return (r) => (r.method === "DESCRIBE" ? hostility(r) : r.send(head(r, [])));
}

/** Well behaved up to PLAY. */
function playing(hostility: Hostility): Hostility {
  return (r) => {
    switch (r.method) {
      case "DESCRIBE":
        return describe(r, "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n");
      case "SETUP":
        return r.send(head(r, ["Session: 7", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]));
      case "PLAY":
        r.send(head(r, ["Session: 7"]));
        return hostility(r);
      default:
        return r.send(head(r, ["Session: 7"]));
    }
  };
}

function describe(r: HostileRequest, media: string): void {
  const session = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=zoo\r\nt=0 0\r\nc=IN IP4 0.0.0.0\r\n";
  const body = session + media;
  r.send(head(r, ["Content-Type: application/sdp", `Content-Length: ${body.length}`]) + body);
}

function head({ sequence }: HostileRequest, headers: string[]): string {
  return ["RTSP/1.0 200 OK", `CSeq: ${sequence}`, ...headers, "", ""].join("\r\n");
}

function interleaved(bytes: Buffer): Buffer {
  const frame = Buffer.from([0x24, 0, 0, 0]);
  frame.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([frame, bytes]);
}

/** H.264 baseline (ITU-T H.264, 7.3.2.1.1) for pictures of so many macroblocks. */
function sequenceParameterSet(widthInBlocks: number, heightInBlocks: number): Buffer {
  let bits = "";
  const ue = (value: number): void => {
    const binary = (value + 1).toString(2);
    bits += "0".repeat(binary.length - 1) + binary;
  };
  ue(0); // seq_parameter_set_id
  ue(0); // log2_max_frame_num_minus4
  ue(2); // pic_order_cnt_type
  ue(1); // max_num_ref_frames
  bits += "0";
  ue(widthInBlocks - 1);
  ue(heightInBlocks - 1);
  bits += "1"; // frame_mbs_only
  bits += "1"; // direct_8x8
  bits += "0"; // no cropping
  bits += "0"; // no VUI
  bits += "1"; // stop
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const body = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  return Buffer.from([0x67, 66, 0, 62, ...body]);
}
