import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { annexB, made, makeClip } from "../cameras/clip.ts";

/** What must come of an input: frames that are right, or a code of fleet/errors; never nothing. */
export type Outcome =
  | { frames: number | [least: number, most: number]; size?: string; warns?: string }
  | { code: string }
  /** Ends too early or with losses, and keeps what was whole. */
  | { frames: [least: number, most: number]; code: string };

export interface OddFile {
  name: string;
  /** Makes the file, in this folder where it cannot be kept. */
  make: (folder: string) => string;
  expect: Outcome;
}

const testsrc = (seconds = 1, size = "64x48", rate: string | number = 25): string[] => [
  ...["-f", "lavfi", "-i", `testsrc=size=${size}:rate=${rate}:duration=${seconds}`],
];
const sine = ["-f", "lavfi", "-i", "sine=duration=1"];
const x264 = (...more: string[]): string[] => [
  ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", ...more],
];
const x265 = (params = "keyint=10"): string[] => [
  ...["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
  ...["-x265-params", `log-level=none:${params}`],
];
const h264 = (name: string, expect: Outcome, ...encoder: string[]): OddFile => ({
  name,
  make: () => made("mp4", [...testsrc(), ...x264(...encoder)]),
  expect,
});
const colours = (
  name: string,
  space: string,
  range: string,
  expect: Outcome = { frames: 25 },
): OddFile => h264(name, expect, "-colorspace", space, "-color_range", range);
const other = (name: string, extension: string, args: string[], expect: Outcome): OddFile => ({
  name,
  make: () => made(extension, args),
  expect,
});
const bytes = (
  name: string,
  expect: Outcome,
  content: () => Buffer,
  file = "odd.mp4",
): OddFile => ({
  name,
  make: (folder) => {
    const path = join(folder, file);
    writeFileSync(path, content());
    return path;
  },
  expect,
});

const long = (): Buffer =>
  readFileSync(
    made("mp4", [...testsrc(8, "160x120"), ...x264("-movflags", "+faststart", "-g", "25")]),
  );
const cut = (whole: Buffer, part: number): Buffer =>
  whole.subarray(0, Math.floor(whole.length * part));
const rotated = (degrees: number): OddFile => ({
  name: `turned by ${degrees} degrees`,
  make: () => {
    const plain = made("mp4", [...testsrc(), ...x264()]);
    return made("mp4", ["-i", plain, "-c", "copy", "-metadata:s:v", `rotate=${degrees}`]);
  },
  expect: { frames: 25, size: degrees % 180 === 0 ? "64x48" : "48x64" },
});
export const ODD_FILES: OddFile[] = [
  h264("plain H.264", { frames: 25, size: "64x48" }),
  h264("B-frames", { frames: 25 }, "-bf", "3"),
  h264("B-frames as references", { frames: 25 }, "-bf", "4", "-x264-params", "b-pyramid=normal"),
  h264(
    "open groups of pictures",
    { frames: 25 },
    "-bf",
    "2",
    "-g",
    "8",
    "-x264-params",
    "open-gop=1",
  ),
  h264("refreshed step by step", { frames: [20, 25] }, "-x264-params", "intra-refresh=1:keyint=10"),
  h264("many slices", { frames: 25 }, "-x264-params", "slices=3"),
  h264("Baseline profile", { frames: 25 }, "-profile:v", "baseline"),
  h264("one key picture only", { frames: 25 }, "-g", "1000"),
  h264("only key pictures", { frames: 25 }, "-g", "1"),
  h264("10 bits a sample", { frames: 25 }, "-pix_fmt", "yuv420p10le"),
  h264("4:2:2", { frames: 25 }, "-pix_fmt", "yuv422p"),
  h264("4:2:2 of 10 bits", { frames: 25 }, "-pix_fmt", "yuv422p10le"),
  h264("4:4:4", { frames: 25 }, "-pix_fmt", "yuv444p"),
  h264("grey", { frames: 25 }, "-pix_fmt", "gray"),
  h264(
    "interlaced, top field first",
    { frames: 25 },
    "-flags",
    "+ilme+ildct",
    "-x264-params",
    "tff=1",
  ),
  h264("fake interlaced", { frames: 25 }, "-x264-params", "fake-interlaced=1"),
  colours("BT.601, limited range", "smpte170m", "tv"),
  colours("BT.709, limited range", "bt709", "tv"),
  colours("BT.709, full range", "bt709", "pc"),
  colours("full range, matrix not said", "unknown", "pc"),
  colours("BT.2020, limited range", "bt2020nc", "tv"),
  colours("BT.470BG, full range", "bt470bg", "pc"),
  colours("SMPTE 240M", "smpte240m", "tv", { code: "SOURCE_UNSUPPORTED" }),
  colours("YCgCo", "ycgco", "tv", { code: "SOURCE_UNSUPPORTED" }),
  other("R, G, B", "mp4", [...testsrc(), "-c:v", "libx264rgb"], { code: "SOURCE_UNSUPPORTED" }),
  rotated(90),
  rotated(180),
  rotated(270),
  h264("samples of 4:3", { frames: 25, size: "85x48" }, "-vf", "setsar=4/3"),
  h264("samples of 1:2", { frames: 25 }, "-vf", "setsar=1/2"),
  other("odd width and height", "mp4", [...testsrc(1, "63x47"), ...x264(), "-pix_fmt", "yuv444p"], {
    frames: 25,
    size: "63x47",
  }),
  other("16 × 16", "mp4", [...testsrc(1, "16x16"), ...x264()], { frames: 25, size: "16x16" }),
  other("portrait", "mp4", [...testsrc(1, "48x96"), ...x264()], { frames: 25, size: "48x96" }),
  other("2 rows high and wide", "mp4", [...testsrc(1, "512x16"), ...x264()], { frames: 25 }),
  other("8K", "mp4", [...testsrc(0.08, "7680x4320"), ...x264()], { frames: 2, size: "7680x4320" }),
  other("1 picture a second", "mp4", [...testsrc(3, "64x48", 1), ...x264()], { frames: 3 }),
  other("a picture every 7 seconds", "mp4", [...testsrc(21, "64x48", "1/7"), ...x264()], {
    frames: 3,
  }),
  other("120 pictures a second", "mp4", [...testsrc(1, "64x48", 120), ...x264()], { frames: 120 }),
  other(
    "variable rate",
    "mp4",
    [...testsrc(2), "-vf", "select='not(mod(n*n,7))'", "-vsync", "vfr", ...x264()],
    {
      frames: [5, 40],
    },
  ),
  other("one picture", "mp4", [...testsrc(0.04), ...x264()], { frames: 1 }),
  // GStreamer's demuxer takes the empty edit in front for the whole of the track.
  other("begins with an empty edit", "mp4", [...testsrc(), ...x264(), "-output_ts_offset", "10"], {
    code: "SOURCE_FORMAT",
  }),
  other("Matroska", "mkv", [...testsrc(), ...x264("-bf", "2")], { frames: 25 }),
  other("MPEG-TS", "ts", [...testsrc(), ...x264("-bf", "2")], { frames: [24, 25] }),
  other("AVI", "avi", [...testsrc(), ...x264()], { frames: 25 }),
  other("FLV", "flv", [...testsrc(), ...x264()], { frames: 25 }),
  other("QuickTime", "mov", [...testsrc(), ...x264()], { frames: 25 }),
  other("fragmented MP4", "mp4", [...testsrc(), ...x264("-movflags", "frag_keyframe+empty_moov")], {
    frames: 25,
  }),
  other("a bare stream without times", "h264", [...testsrc(), ...x264()], { frames: 25 }),
  other("sound beside it", "mp4", [...testsrc(), ...sine, ...x264(), "-c:a", "aac"], {
    frames: 25,
  }),
  other(
    "MPEG-4 video before it",
    "mkv",
    [
      ...[...testsrc(), ...testsrc(), "-map", "0", "-map", "1"],
      ...["-c:v:0", "mpeg4", "-c:v:1", "libx264", "-pix_fmt", "yuv420p"],
    ],
    { frames: 25 },
  ),
  {
    name: "a name with spaces, percent and umlauts",
    make: (folder) => {
      const path = join(folder, "schräg 100% #1?.mp4");
      copyFileSync(made("mp4", [...testsrc(), ...x264()]), path);
      return path;
    },
    expect: { frames: 25 },
  },
  bytes(
    "another size after a second",
    { frames: 50 },
    () => {
      const parts = [makeClip({ seconds: 1 }), makeClip({ seconds: 1, size: "96x64" })];
      return annexB(parts.flatMap((clip) => clip.pictures.flatMap((picture) => picture.nals)));
    },
    "odd.h264",
  ),
  bytes(
    "begins between two key pictures",
    { frames: [35, 45], warns: "SOURCE_JOINED" },
    () => {
      const { pictures } = makeClip({ seconds: 2, gop: 10 });
      return annexB([
        ...(pictures[0]?.nals.slice(0, -1) ?? []),
        ...pictures.slice(5).flatMap((p) => p.nals),
      ]);
    },
    "odd.h264",
  ),
  bytes(
    "no key picture",
    { code: "SOURCE_FORMAT" },
    () => {
      const { pictures } = makeClip({ seconds: 2, gop: 100 });
      return annexB([
        ...(pictures[0]?.nals.slice(0, 2) ?? []),
        ...pictures.slice(1).flatMap((p) => p.nals),
      ]);
    },
    "odd.h264",
  ),
  bytes("cut off, index first", { frames: [60, 190], code: "SOURCE_TRUNCATED" }, () =>
    cut(long(), 0.6),
  ),
  bytes("cut off within its index", { code: "SOURCE_FORMAT" }, () => cut(long(), 0.001)),
  bytes("cut off, index last", { code: "SOURCE_FORMAT" }, () =>
    cut(readFileSync(made("mp4", [...testsrc(2), ...x264()])), 0.7),
  ),
  bytes(
    "cut off Matroska",
    { frames: [60, 190], code: "SOURCE_TRUNCATED" },
    () => cut(readFileSync(made("mkv", [...testsrc(8, "160x120"), ...x264()])), 0.6),
    "odd.mkv",
  ),
  bytes(
    "cut off MPEG-TS",
    { frames: [10, 40] },
    () => cut(readFileSync(made("ts", [...testsrc(2), ...x264()])), 0.5),
    "odd.ts",
  ),
  bytes("bytes changed in a picture", { frames: [100, 199], warns: "SOURCE_LOSS" }, () => {
    const whole = Buffer.from(long());
    whole.fill(0x5a, Math.floor(whole.length * 0.5), Math.floor(whole.length * 0.5) + 400);
    return whole;
  }),
  bytes(
    "a picture is missing",
    { frames: [35, 49], warns: "SOURCE_LOSS" },
    () => {
      const { pictures } = makeClip({ seconds: 2, gop: 10 });
      return annexB(pictures.filter((_, i) => i !== 13).flatMap((picture) => picture.nals));
    },
    "odd.h264",
  ),
  bytes("empty", { code: "SOURCE_FORMAT" }, () => Buffer.alloc(0)),
  bytes("text", { code: "SOURCE_FORMAT" }, () => Buffer.from("this is no video\n".repeat(99))),
  bytes("zeros", { code: "SOURCE_FORMAT" }, () => Buffer.alloc(100_000)),
  bytes("noise", { code: "SOURCE_FORMAT" }, () => {
    let state = 1;
    return Buffer.from(
      Array.from(
        { length: 60_000 },
        () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16,
      ),
    );
  }),
  bytes("a head of MP4 and then noise", { code: "SOURCE_FORMAT" }, () =>
    Buffer.concat([cut(long(), 0.002), Buffer.alloc(50_000, 0xa5)]),
  ),
  other("sound only", "mp4", [...sine, "-c:a", "aac"], { code: "SOURCE_NO_VIDEO" }),
  ...["mp4", "mkv", "ts", "h265"].map((container) =>
    other(`H.265 in ${container}`, container, [...testsrc(), ...x265()], { frames: [24, 25] }),
  ),
  other(
    "H.265 with open groups",
    "mkv",
    [...testsrc(2), ...x265("open-gop=1:keyint=8:bframes=3")],
    {
      frames: 50,
    },
  ),
  other("H.265 of 10 bits", "mp4", [...testsrc(), ...x265(), "-pix_fmt", "yuv420p10le"], {
    frames: 25,
  }),
  bytes(
    "H.265 that begins between two key pictures",
    { frames: [35, 45], warns: "SOURCE_JOINED" },
    () => {
      const { pictures } = makeClip({ seconds: 2, gop: 10, codec: "h265" });
      return annexB([
        ...(pictures[0]?.nals.slice(0, -1) ?? []),
        ...pictures.slice(5).flatMap((p) => p.nals),
      ]);
    },
    "odd.h265",
  ),
  bytes(
    "H.265 of which a picture is missing",
    { frames: [30, 49], warns: "SOURCE_LOSS" },
    () => {
      const { pictures } = makeClip({ seconds: 2, gop: 10, codec: "h265" });
      return annexB(pictures.filter((_, i) => i !== 13).flatMap((picture) => picture.nals));
    },
    "odd.h265",
  ),
  ...["webm", "mkv", "mp4"].map((container) =>
    other(`VP9 in ${container}`, container, [...testsrc(), "-c:v", "libvpx-vp9"], { frames: 25 }),
  ),
  ...["mkv", "mp4"].map((container) =>
    other(
      `AV1 in ${container}`,
      container,
      [...testsrc(1, "128x96"), "-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p"],
      { frames: 25 },
    ),
  ),
  ...["avi", "mkv", "mov"].map((container) =>
    other(`Motion JPEG in ${container}`, container, [...testsrc(), "-c:v", "mjpeg"], {
      frames: 25,
    }),
  ),
  other("Motion JPEG of 4:2:2", "avi", [...testsrc(), "-c:v", "mjpeg", "-pix_fmt", "yuvj422p"], {
    frames: 25,
  }),
  other("MPEG-4 part 2", "mp4", [...testsrc(), "-c:v", "mpeg4"], { code: "SOURCE_CODEC" }),
  other("a JPEG picture", "jpg", [...testsrc(0.04), "-frames:v", "1"], { code: "SOURCE_NO_VIDEO" }),
  other("a PNG picture", "png", [...testsrc(0.04), "-frames:v", "1"], { code: "SOURCE_NO_VIDEO" }),
  { name: "a folder", make: (folder) => folder, expect: { code: "SOURCE_UNSUPPORTED" } },
  { name: "a device", make: () => "/dev/zero", expect: { code: "SOURCE_UNSUPPORTED" } },
  {
    name: "nothing",
    make: (folder) => join(folder, "gone.mp4"),
    expect: { code: "SOURCE_UNREACHABLE" },
  },
  {
    name: "a FIFO",
    make: (folder) => {
      const path = join(folder, "fifo.mp4");
      if (!existsSync(path)) execFileSync("mkfifo", [path]);
      return path;
    },
    expect: { code: "SOURCE_UNSUPPORTED" },
  },
];
