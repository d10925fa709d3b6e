import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DetectedFrame, PipelineStats } from "../../fleet/contract/index.ts";
import type { NativePipelineOptions, NativeSecondary } from "../../native/binding/api.ts";
import {
  addon,
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  model,
  needsData,
  Run,
  yoloxNano,
} from "./addon.ts";

const THOUSAND = Array.from({ length: 1000 }, (_, at) => `imagenet-${at}`);
const WIDTH = 768;
const HEIGHT = 432;

const kind = (): NativeSecondary => ({
  name: "kind",
  model: model(data("models/mobilenet_v2_int8_qdq.onnx"), {
    ...{ id: "mobilenet", decoder: "classification", labels: THOUSAND, minScore: 0.01 },
  }),
  minScore: 0.01,
  minHeight: 0.1,
});
const look = (): NativeSecondary => ({
  name: "look",
  model: model(data("models/person_reid_0288.onnx"), { id: "reid", decoder: "reid" }),
  labels: ["person"],
  minScore: 0,
  minHeight: 0.5,
});

describe.skipIf(!hasData)(`secondary models over tracks of a clip${needsData}`, () => {
  const fixture = new Fixture();
  const clip = fixture.file("person.mp4");
  let frames: DetectedFrame[] = [];
  let stats: PipelineStats | undefined;

  const options = (): NativePipelineOptions => ({
    name: "test",
    sources: [fileSource(clip)],
    model: yoloxNano(),
    track: { algorithm: "bytetrack" },
    secondary: [kind(), look()],
    statsIntervalMs: 100,
    batchMs: 20,
  });

  async function play(): Promise<Run> {
    const run = await Run.start(options());
    await run.untilEnded(120_000);
    await run.stop();
    return run;
  }

  beforeAll(async () => {
    const video = data("videos/one-by-one-person-detection.mp4");
    const cut = ["-ss", "33", "-i", video, "-t", "3", "-r", "8", "-an"];
    ffmpeg(...cut, "-c:v", "libx264", "-pix_fmt", "yuv420p", clip);
    const run = await play();
    frames = run.frames;
    stats = run.stats.at(-1);
  }, 150_000);
  afterAll(() => fixture.dispose());

  test("tell of each track what kind it is, in every frame that shows enough of it", () => {
    const labels = new Map<number, Set<string>>();
    for (const { trackId, attributes } of frames.flatMap(({ tracks }) => tracks ?? [])) {
      const said = attributes?.["kind"];
      if (said === undefined || !("label" in said)) continue;
      labels.set(trackId, (labels.get(trackId) ?? new Set()).add(said.label));
    }
    expect(labels.size).toBeGreaterThan(0);
    for (const [track, said] of labels) {
      expect(THOUSAND).toContain([...said][0]);
      expect(said.size, `track ${track} was asked of once`).toBe(1);
    }
    // From the first answer on, nothing is missing.
    for (const track of labels.keys()) {
      const told = frames.flatMap(({ tracks }) =>
        (tracks ?? []).filter(({ trackId }) => trackId === track),
      );
      const first = told.findIndex(({ attributes }) => attributes?.["kind"] !== undefined);
      expect(told.slice(first).every(({ attributes }) => attributes?.["kind"])).toBe(true);
    }
  });

  test("tell a person's vector once, and it is that of the person's place in the picture", async () => {
    const told = frames.flatMap((frame) =>
      (frame.tracks ?? []).flatMap(({ trackId, box, attributes }) => {
        const said = attributes?.["look"];
        return said && "vector" in said
          ? [{ index: frame.index, trackId, box, vector: floats(said.vector) }]
          : [];
      }),
    );
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told.map(({ trackId }) => trackId)).size, "each once").toBe(told.length);
    for (const { index, box, vector } of told) {
      expect(vector).toHaveLength(256);
      expect(dot(vector, vector)).toBeCloseTo(1, 4);
      const reference = await addon.embedImage(look().model, crop(clip, index, box));
      expect(dot(vector, reference), `frame ${index}`).toBeGreaterThan(0.98);
    }
  });

  test("are told as the contract has them", () => {
    for (const frame of frames) expect(DetectedFrame.parse(frame)).toEqual(frame);
    expect(PipelineStats.parse(stats)).toEqual(stats);
    const tracks = new Set(frames.flatMap((frame) => (frame.tracks ?? []).map((t) => t.trackId)));
    expect(stats?.secondary?.map(({ name, model: id }) => [name, id])).toEqual([
      ["kind", "mobilenet"],
      ["look", "reid"],
    ]);
    for (const figures of stats?.secondary ?? []) {
      expect(figures.lookedTotal).toBeGreaterThan(0);
      expect(figures.lookedTotal).toBeLessThanOrEqual(tracks.size);
      expect(figures.runsTotal).toBeLessThanOrEqual(figures.lookedTotal);
      expect(figures.droppedTotal).toBe(0);
      expect(figures.batch.most === 1).toBe(figures.batch.why !== undefined);
    }
    expect(stats?.stages.map(({ name }) => name)).toContain("secondary");
  });

  test("say the same of a file each time", { timeout: 150_000 }, async () => {
    const again = await play();
    expect(again.frames).toEqual(frames);
  });
});

describe("secondary models that are wrong", () => {
  const fixture = new Fixture();
  afterAll(() => fixture.dispose());
  const tiny = (changes: Partial<NativeSecondary> = {}): NativeSecondary => ({
    name: "kind",
    model: model(fixture.model),
    minScore: 0.5,
    minHeight: 0,
    ...changes,
  });
  const rows: [string, Partial<NativePipelineOptions>, RegExp][] = [
    [
      "without a tracker",
      { secondary: [tiny()], track: null },
      /a tracker, which secondary models/,
    ],
    ["of one name", { secondary: [tiny(), tiny()] }, /a name of its own for each model/],
    ["of no name", { secondary: [tiny({ name: 'a"b' })] }, /small letters, digits and hyphens/],
    ["five", { secondary: ["a", "b", "c", "d", "e"].map((name) => tiny({ name })) }, /at most 4/],
    ["of other labels", { secondary: [tiny({ labels: ["cat"] })] }, /labels of the model/],
    ["of a detector", { secondary: [tiny()] }, /Secondary model kind: .*reid but got one of yolox/],
    [
      "that are not there",
      { secondary: [tiny({ model: model(fixture.file("none.onnx"), { decoder: "reid" }) })] },
      /Secondary model kind: .*none\.onnx/,
    ],
  ];

  test.each(rows)("are refused: %s", async (_, changes, expected) => {
    await expect(Run.start(fixture.options(changes))).rejects.toThrow(expected);
  });

  test("are refused with the code of their error", async () => {
    const start = Run.start(fixture.options({ secondary: [tiny()] }));
    await expect(start).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });
});

function floats(base64: string): number[] {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
}

function dot(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return Array.from(one).reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

/** A part of one frame of a video, packed. */
function crop(video: string, frame: number, [left, top, width, height]: DetectedBox) {
  const x = Math.max(0, Math.round(left));
  const y = Math.max(0, Math.round(top));
  const w = Math.min(WIDTH, Math.round(left + width)) - x;
  const h = Math.min(HEIGHT, Math.round(top + height)) - y;
  const select = `select=eq(n\\,${frame}),crop=${w}:${h}:${x}:${y}:exact=1`;
  const raw = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
  return { rgb: new Uint8Array(ffmpeg("-i", video, "-vf", select, ...raw)), width: w, height: h };
}

type DetectedBox = DetectedFrame["detections"][number]["box"];
