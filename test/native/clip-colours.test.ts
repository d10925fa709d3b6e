/** Real clips in the colours that cameras send, against the same model over ffmpeg's own RGB of the same pictures. */
import { describe, expect, test } from "vitest";
import type { Detection } from "../../fleet/contract/index.ts";
import { iou } from "../../fleet/contract/index.ts";
import { made } from "../cameras/clip.ts";
import { FULL } from "../support/long-form.ts";
import { addon, data, ffmpeg, fileSource, hasData, needsData, Run, yoloxNano } from "./addon.ts";

const PICTURES = 12;
/** Sparse pictures of each clip, so that they differ; the last one is a still picture that is walked over. */
const CLIPS = [
  {
    name: "cars",
    input: ["-ss", "14.5", "-i", data("videos/car-detection.mp4")],
    filter: "fps=4",
    size: [768, 432],
  },
  {
    name: "bottles",
    input: ["-i", data("videos/bottle-detection.mp4")],
    filter: "fps=1",
    size: [640, 360],
  },
  {
    name: "persons",
    input: ["-ss", "30", "-i", data("videos/one-by-one-person-detection.mp4")],
    filter: "fps=2",
    size: [768, 432],
  },
  {
    name: "street",
    input: ["-i", data("mot/TUD-Campus/TUD-Campus.mp4")],
    filter: "fps=5",
    size: [640, 480],
  },
  {
    name: "dog",
    input: ["-loop", "1", "-framerate", "5", "-i", data("images/dog.jpg")],
    filter: "crop=704:528:n*4:n*3",
    size: [704, 528],
  },
] as const;

/** Matrix as ffmpeg's scaler and its encoder call it. */
const COLOURS = [
  ["BT.601", "bt601", "smpte170m"],
  ["BT.709", "bt709", "bt709"],
  ["BT.2020", "bt2020", "bt2020nc"],
] as const;
const RANGES = [
  ["limited", "tv"],
  ["full", "pc"],
] as const;

const X264 = ["mp4", "-c:v", "libx264", "-preset", "veryfast", "-crf", "12"] as const;
/** The same clip from cameras of other codecs: whether each one's colours are read as they are stored. */
const OTHERS = [
  ...COLOURS.flatMap((colour) =>
    RANGES.map((range) => ({ name: "H.265", colour, range, codec: x265() })),
  ),
  { name: "VP9", colour: COLOURS[0], range: RANGES[0], codec: vp9() },
  { name: "VP9", colour: COLOURS[1], range: RANGES[1], codec: vp9() },
  { name: "AV1", colour: COLOURS[1], range: RANGES[0], codec: av1() },
  // JFIF knows no other.
  { name: "JPEG", colour: COLOURS[0], range: RANGES[1], codec: jpeg() },
];

function x265() {
  const params = "log-level=none:crf=12";
  return ["mp4", "-c:v", "libx265", "-preset", "veryfast", "-x265-params", params] as const;
}

function vp9() {
  return ["webm", "-c:v", "libvpx-vp9", "-crf", "14", "-b:v", "0", "-cpu-used", "5"] as const;
}

function av1() {
  return ["mkv", "-c:v", "libaom-av1", "-crf", "14", "-cpu-used", "8"] as const;
}

function jpeg() {
  return ["avi", "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"] as const;
}

/** Fainter ones may be found by one and just missed by the other. */
const SURE = 0.2;
const MIN_SCORE = 0.1;
/**
 * ffmpeg smooths chroma where it makes it larger, we repeat it, so pictures differ by more than rounding. Of the sure
 * detections this share must be alike.
 */
const SAME = { iou: 0.9, score: 0.1 };
const ALIKE = 0.92;
/** Two pairs of boxes: the score of one that is no object may move by more (0.386 and 0.488 at IoU 0.99), and a clip has few. */
const FEW = 4;

const detector = yoloxNano({ minScore: MIN_SCORE });

function encoded(
  clip: (typeof CLIPS)[number],
  matrix: string,
  space: string,
  range: string,
  [extension, ...codec]: readonly [string, ...string[]] = X264,
): string {
  const out = `scale=out_color_matrix=${matrix}:out_range=${range}:flags=accurate_rnd`;
  return made(extension, [
    ...[...clip.input, "-an", "-vf", `${clip.filter},${out},format=yuv420p`],
    ...["-frames:v", `${PICTURES}`, "-r", "5", "-colorspace", space, "-color_range", range],
    ...codec,
  ]);
}

async function overRgb(
  file: string,
  matrix: string,
  range: string,
  [width, height]: readonly [number, number],
) {
  const scale = `scale=in_color_matrix=${matrix}:in_range=${range}:flags=accurate_rnd+full_chroma_int`;
  const bytes = ffmpeg(
    "-i",
    file,
    "-vf",
    scale,
    "-vsync",
    "0",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-",
  );
  const found: Detection[][] = [];
  const size = width * height * 3;
  for (let at = 0; at < bytes.length; at += size) {
    const rgb = new Uint8Array(bytes.subarray(at, at + size));
    found.push(await addon.detectImage(detector, { rgb, width, height }));
  }
  return found;
}

async function throughPipeline(file: string): Promise<Detection[][]> {
  const run = await Run.start({
    name: "clip",
    sources: [{ ...fileSource(file), timeoutMs: 10_000 }],
    model: detector,
    track: null,
    statsIntervalMs: 1000,
    batchMs: 20,
  });
  await run.untilEnded();
  await run.stop();
  return run.frames.map(({ detections }) => detections);
}

/** Of the sure ones of `some`: how many have an equal among `others`. */
function compare(some: readonly Detection[], others: readonly Detection[]) {
  const sure = some.filter(({ score }) => score >= SURE);
  const alike = sure.filter((one) =>
    others.some(
      (other) =>
        other.label === one.label &&
        iou(other.box, one.box) >= SAME.iou &&
        Math.abs(other.score - one.score) <= SAME.score,
    ),
  );
  return { sure: sure.length, alike: alike.length };
}

/** Both ways, so that neither what is missed nor what is invented gets away. */
function agreement(found: readonly Detection[][], expected: readonly Detection[][]) {
  const counts = found.flatMap((boxes, at) => {
    const reference = expected[at] ?? [];
    return [compare(boxes, reference), compare(reference, boxes)];
  });
  const sum = (key: "sure" | "alike") => counts.reduce((total, count) => total + count[key], 0);
  return { sure: sum("sure"), share: sum("alike") / sum("sure") };
}

/** The pipeline's boxes of a file, and how they agree with those over ffmpeg's RGB of it. */
async function besideRgb(
  file: string,
  matrix: string,
  range: string,
  size: readonly [number, number],
) {
  const found = await throughPipeline(file);
  const expected = await overRgb(file, matrix, range, size);
  expect([found.length, expected.length]).toEqual([PICTURES, PICTURES]);
  return { found, ...agreement(found, expected) };
}

const COLOURS_AND_RANGES = COLOURS.length * RANGES.length;
const cases = CLIPS.flatMap((clip) =>
  COLOURS.flatMap(([matrix, scaler, space]) =>
    RANGES.map(([range, word]) => ({ clip, matrix, scaler, space, range, word })),
  ),
);
/** In the short form, all ways to store one clip, and each other clip in one of them. */
const chosen = cases.filter((one, at) => {
  const clip = CLIPS.indexOf(one.clip);
  return FULL || clip === 0 || at % COLOURS_AND_RANGES === clip;
});

describe.skipIf(!hasData)(`boxes of real clips${needsData}`, { timeout: 120_000 }, () => {
  test.each(chosen)(
    "of $clip.name in $matrix, $range range, are those of ffmpeg's RGB",
    async (one) => {
      const file = encoded(one.clip, one.scaler, one.space, one.word);
      const { sure, share } = await besideRgb(file, one.scaler, one.word, one.clip.size);
      expect(sure).toBeGreaterThanOrEqual(10);
      expect(share).toBeGreaterThanOrEqual(Math.min(ALIKE, 1 - FEW / sure));
    },
  );

  test.each(OTHERS)("of $name in $colour.0, $range.0 range, likewise", async (one) => {
    const clip = CLIPS[3];
    const [[, scaler, space], [, word]] = [one.colour, one.range];
    const file = encoded(clip, scaler, space, word, one.codec);
    const { found, sure, share } = await besideRgb(file, scaler, word, clip.size);
    expect(sure).toBeGreaterThanOrEqual(100);
    expect(share).toBeGreaterThanOrEqual(0.95);
    const [wrong] = RANGES.flatMap(([, other]) => (other === word ? [] : [other]));
    const taken = await overRgb(file, scaler, wrong ?? "", clip.size);
    expect(agreement(found, taken).share).toBeLessThan(share);
  });

  test("are others where full range is taken for limited, so that these cases can fail", async () => {
    const [cars] = CLIPS;
    const file = encoded(cars, "bt709", "bt709", "pc");
    const found = await throughPipeline(file);
    expect(agreement(found, await overRgb(file, "bt709", "tv", cars.size)).share).toBeLessThan(
      ALIKE - 0.05,
    );
  });
});
