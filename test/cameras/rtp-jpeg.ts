/** JPEG as RFC 2435 sends it: without its markers, with the tables of quantisation in front of the first part. */

const MAX_PAYLOAD = 1400;
const MARKER = { quantisation: 0xdb, frame: 0xc0, scan: 0xda };

interface Parts {
  /** 0 for 4:2:2, 1 for 4:2:0. */
  type: number;
  width: number;
  height: number;
  tables: Buffer;
  scan: Buffer;
}

/** Payloads of the packets of a baseline picture with the usual Huffman tables. */
export function jpegPayloads(jpeg: Buffer): Buffer[] {
  const { type, width, height, tables, scan } = partsOf(jpeg);
  const payloads: Buffer[] = [];
  for (let at = 0; at < scan.length; at += MAX_PAYLOAD) {
    const head = Buffer.from([0, 0, 0, 0, type, 255, width / 8, height / 8]);
    head.writeUIntBE(at, 1, 3);
    const quantisation = Buffer.concat([Buffer.from([0, 0, 0, tables.length]), tables]);
    payloads.push(
      Buffer.concat([
        head,
        ...(at === 0 ? [quantisation] : []),
        scan.subarray(at, at + MAX_PAYLOAD),
      ]),
    );
  }
  return payloads;
}

function partsOf(jpeg: Buffer): Parts {
  const parts: Parts = {
    ...{ type: 1, width: 0, height: 0, tables: Buffer.alloc(0), scan: Buffer.alloc(0) },
  };
  for (let at = 2; at < jpeg.length; ) {
    const marker = jpeg[at + 1];
    const length = jpeg.readUInt16BE(at + 2);
    const body = jpeg.subarray(at + 4, at + 2 + length);
    if (marker === MARKER.quantisation) parts.tables = Buffer.concat([parts.tables, values(body)]);
    if (marker === MARKER.frame) {
      parts.height = body.readUInt16BE(1);
      parts.width = body.readUInt16BE(3);
      // Sampling of the first component: two rows of luma for one of chroma, or one.
      parts.type = (body[7] ?? 0) === 0x22 ? 1 : 0;
    }
    at += 2 + length;
    if (marker !== MARKER.scan) continue;
    parts.scan = jpeg.subarray(at, jpeg.lastIndexOf(Buffer.from([0xff, 0xd9])));
    return parts;
  }
  throw new Error("Expected a JPEG picture with a scan");
}

/** 64 numbers each; in front of each stands its own. */
function values(segment: Buffer): Buffer {
  const tables: Buffer[] = [];
  for (let at = 0; at < segment.length; at += 65) tables.push(segment.subarray(at + 1, at + 65));
  return Buffer.concat(tables);
}
