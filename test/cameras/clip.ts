import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One coded picture, in decoding order. */
export interface CodedPicture {
  /** Of Annex B; of JPEG the whole picture. */
  nals: Buffer[];
  /** Place in the order of display, from 0. */
  number: number;
  key: boolean;
}

export interface Clip {
  codec: "h264" | "h265" | "jpeg";
  fps: number;
  pictures: CodedPicture[];
  /** Parameter sets of the first key picture: SPS and PPS; none of JPEG. */
  parameterSets: Buffer[];
}

const CACHE = join(tmpdir(), "jetfleet-test-clips");

/** A file that ffmpeg makes from these arguments, once per machine. */
export function made(extension: string, args: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(args)).digest("hex").slice(0, 16);
  const path = join(CACHE, `${digest}.${extension}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const partial = join(CACHE, `${digest}.${process.pid}.${extension}`);
  try {
    execFileSync("ffmpeg", ["-v", "error", "-y", ...args, partial]);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
  return path;
}

export interface ClipOptions {
  seconds?: number;
  fps?: number;
  size?: string;
  /** Pictures from one key picture to the next. */
  gop?: number;
  bFrames?: number;
  codec?: Clip["codec"];
  /** Further arguments of the encoder. */
  encoder?: string[];
}

/** A moving test picture. */
export function makeClip(options: ClipOptions = {}): Clip {
  const { seconds = 4, fps = 25, size = "160x120", gop = 25, bFrames = 0 } = options;
  const { codec = "h264", encoder = [] } = options;
  if (codec === "jpeg") return jpegClip({ seconds, fps, size, encoder });
  const x26 = codec === "h264" ? "libx264" : "libx265";
  const params = codec === "h264" ? "-x264-params" : "-x265-params";
  const path = made("mp4", [
    ...["-f", "lavfi", "-i", `testsrc=size=${size}:rate=${fps}:duration=${seconds}`],
    ...["-c:v", x26, "-pix_fmt", "yuv420p", "-preset", "veryfast", "-g", `${gop}`],
    ...["-bf", `${bFrames}`, params, "scenecut=0:open-gop=0:b-adapt=0:log-level=none"],
    ...encoder,
  ]);
  return readClip(path, codec, fps);
}

function jpegClip(
  options: Required<Pick<ClipOptions, "seconds" | "fps" | "size" | "encoder">>,
): Clip {
  const { seconds, fps, size, encoder } = options;
  const path = made("mjpeg", [
    ...["-f", "lavfi", "-i", `testsrc=size=${size}:rate=${fps}:duration=${seconds}`],
    ...["-c:v", "mjpeg", "-huffman", "default", "-pix_fmt", "yuvj420p", "-q:v", "4", ...encoder],
  ]);
  const bytes = readFileSync(path);
  const start = Buffer.from([0xff, 0xd8, 0xff]);
  const starts: number[] = [];
  for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 3)) starts.push(at);
  const pictures = starts.map((from, number) => ({
    ...{ nals: [bytes.subarray(from, starts[number + 1])], number, key: true },
  }));
  return { codec: "jpeg", fps, pictures, parameterSets: [] };
}

export type NalCodec = Exclude<Clip["codec"], "jpeg">;

export function readClip(path: string, codec: NalCodec, fps: number): Clip {
  const bytes = ffmpeg(
    "-i",
    path,
    "-c",
    "copy",
    "-bsf:v",
    `${mp4ToAnnexB(codec)}`,
    "-f",
    codecFormat(codec),
    "-",
  );
  const shown = ffprobe("-show_entries", "packet=pts", "-of", "csv=p=0", path)
    .trim()
    .split("\n")
    .map((line) => Number.parseInt(line, 10));
  const order = [...shown].sort((a, b) => a - b);
  const place = new Map(order.map((pts, number) => [pts, number]));
  const pictures = splitPictures(bytes, codec).map((nals, i): CodedPicture => {
    return {
      nals,
      number: place.get(shown[i] ?? -1) ?? i,
      key: nals.some((nal) => isKey(nal, codec)),
    };
  });
  const first = pictures[0]?.nals ?? [];
  return { codec, fps, pictures, parameterSets: first.filter((nal) => isParameterSet(nal, codec)) };
}

function codecFormat(codec: NalCodec): string {
  return codec === "h264" ? "h264" : "hevc";
}

function mp4ToAnnexB(codec: NalCodec): string {
  return codec === "h264" ? "h264_mp4toannexb" : "hevc_mp4toannexb";
}

export function nalType(nal: Buffer, codec: NalCodec): number {
  const byte = nal[0] ?? 0;
  return codec === "h264" ? byte & 0x1f : (byte >> 1) & 0x3f;
}

function isKey(nal: Buffer, codec: NalCodec): boolean {
  const type = nalType(nal, codec);
  return codec === "h264" ? type === 5 : type >= 16 && type <= 21;
}

export function isParameterSet(nal: Buffer, codec: NalCodec): boolean {
  const type = nalType(nal, codec);
  return codec === "h264" ? type === 7 || type === 8 : type >= 32 && type <= 34;
}

export function isSlice(nal: Buffer, codec: NalCodec): boolean {
  const type = nalType(nal, codec);
  return codec === "h264" ? type >= 1 && type <= 5 : type <= 31;
}

/** The first slice of a picture begins with macroblock (or segment) 0. */
function beginsPicture(nal: Buffer, codec: NalCodec): boolean {
  return isSlice(nal, codec) && ((nal[codec === "h264" ? 1 : 2] ?? 0) & 0x80) !== 0;
}

function splitPictures(bytes: Buffer, codec: NalCodec): Buffer[][] {
  const pictures: Buffer[][] = [];
  let open: Buffer[] = [];
  let hasSlice = false;
  for (const nal of splitNals(bytes)) {
    const starts = isSlice(nal, codec) ? beginsPicture(nal, codec) : true;
    if (hasSlice && starts) {
      pictures.push(open);
      open = [];
      hasSlice = false;
    }
    open.push(nal);
    hasSlice ||= isSlice(nal, codec);
  }
  if (hasSlice) pictures.push(open);
  return pictures;
}

export function splitNals(bytes: Buffer): Buffer[] {
  const starts: number[] = [];
  const code = Buffer.from([0, 0, 1]);
  for (let at = bytes.indexOf(code); at >= 0; at = bytes.indexOf(code, at + 3)) starts.push(at + 3);
  return starts.map((start, i) => {
    const next = starts[i + 1];
    let end = next === undefined ? bytes.length : next - 3;
    while (next !== undefined && bytes[end - 1] === 0) end--;
    return bytes.subarray(start, end);
  });
}

/** The SEI message of native/core/sei.h: number and capture time of a picture. */
export function frameTag(number: number, capturedAtUs: bigint): Buffer {
  const payload = Buffer.alloc(32);
  payload.write("jetfleet-frame-1", "latin1");
  payload.writeBigUInt64BE(BigInt(number), 16);
  payload.writeBigUInt64BE(capturedAtUs, 24);
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of [5, payload.length, ...payload, 0x80]) {
    if (zeros === 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from([6, ...escaped]);
}

/** The picture with its tag in front of its first slice. */
export function tagged(nals: readonly Buffer[], tag: Buffer): Buffer[] {
  const slice = nals.findIndex((nal) => isSlice(nal, "h264"));
  return [...nals.slice(0, slice), tag, ...nals.slice(slice)];
}

export function annexB(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal]));
}

function ffmpeg(...args: string[]): Buffer {
  return execFileSync("ffmpeg", ["-v", "error", ...args], { maxBuffer: 1 << 28 });
}

function ffprobe(...args: string[]): string {
  return execFileSync("ffprobe", ["-v", "error", "-select_streams", "v:0", ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
}
