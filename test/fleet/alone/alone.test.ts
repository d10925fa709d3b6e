import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AloneLine,
  Counter,
  kittiName,
  kittiText,
  parsePipelineFile,
  rateOf,
} from "../../../fleet/alone/index.ts";
import type { DetectedFrame, PipelineStats } from "../../../fleet/contract/index.ts";

const FRAME: DetectedFrame = {
  source: "camera",
  sourceFrame: null,
  index: 7,
  ptsMs: 280,
  capturedAtMs: null,
  width: 640,
  height: 360,
  detections: [
    { label: "cell phone", score: 0.84213, box: [-3, 10.5, 30, 20] },
    { label: "person", score: 0.5, box: [1, 2, 3, 4] },
  ],
  tracks: [{ label: "person", score: 0.5, box: [1, 2, 3, 4], trackId: 3 }],
};

const FILE = {
  model: { source: "m.onnx", labels: ["person"] },
  sources: { door: { uri: "rtsp://10.0.9.1/stream1" } },
};

describe("a frame as a file of KITTI", () => {
  it("has 16 columns a line, corners instead of sizes, and what is unknown as unknown", () => {
    expect(kittiText(FRAME).split("\n")).toEqual([
      "cell_phone -1 -1 -10 -3.00 10.50 27.00 30.50 -1 -1 -1 -1000 -1000 -1000 -10 0.8421",
      "person -1 -1 -10 1.00 2.00 4.00 6.00 -1 -1 -1 -1000 -1000 -1000 -10 0.5000",
      "",
    ]);
    expect(kittiText({ ...FRAME, detections: [] }), "a frame without objects").toBe("");
  });

  it("has 16 columns whatever a label is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), (label) => {
        const text = kittiText({ ...FRAME, detections: [{ label, score: 1, box: [0, 0, 1, 1] }] });
        expect(text.trimEnd().split(" ")).toHaveLength(16);
      }),
    );
  });

  it("is named by the number that came with the picture, else by its order", () => {
    expect(kittiName(FRAME)).toBe("000007.txt");
    expect(kittiName({ ...FRAME, sourceFrame: 1_234_567 })).toBe("1234567.txt");
  });
});

describe("a pipeline's file", () => {
  it("is read in the words of a program, with its defaults", () => {
    expect(parsePipelineFile(FILE, "a.yaml")).toMatchObject({
      model: { decoder: "yolox" },
      sources: { door: { loop: false } },
      detect: { minScore: 0.4, nmsIou: 0.45 },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", null, /a\.yaml: the file: /],
    ["a key that nobody knows", { ...FILE, overlay: {} }, /Unrecognized key: "overlay"/],
    ["no source", { ...FILE, sources: {} }, /sources: must name 1 to 16 sources/],
    [
      "an interval without a tracker",
      { ...FILE, detect: { interval: 3 } },
      /detect\.interval: needs a tracker for the frames between; add track, or leave interval 3 out/,
    ],
    ["no secondary model", { ...FILE, secondary: {} }, /secondary: must name 1 to 4/],
    [
      "a secondary model without a file",
      { ...FILE, secondary: { kind: { model: { labels: ["a"] } } } },
      /secondary\.kind\.model\.source: /,
    ],
    ["a score of 7", { ...FILE, detect: { minScore: 7 } }, /detect\.minScore: /],
  ])("is refused with the key's path: %s", (_what, content, why) => {
    expect(() => parsePipelineFile(content, "a.yaml")).toThrow(why);
  });
});

describe("the tally of a pipeline", () => {
  it("counts frames, objects, tracks and what was lost", () => {
    const counter = new Counter();
    expect(counter.tally()).toEqual({ frames: 0, overMs: 0, objects: [], tracks: null, drops: [] });
    counter.addFrames([FRAME], 1000);
    counter.addFrames([FRAME, FRAME], 1500);
    counter.addStats({
      stages: [
        { name: "decode", dropsTotal: 0 },
        { name: "detect", dropsTotal: 4 },
      ],
      drops: [{ place: "source", reason: "corrupt", total: 2 }],
    } as PipelineStats);
    const tally = counter.tally();
    expect(tally).toEqual({
      frames: 3,
      overMs: 500,
      objects: [
        ["cell phone", 3],
        ["person", 3],
      ],
      tracks: 1,
      drops: [
        { place: "detect", reason: "late", total: 4 },
        { place: "source", reason: "corrupt", total: 2 },
      ],
    });
    expect(rateOf(tally)).toBe(4);
  });

  it("knows no rate of one frame", () => {
    const counter = new Counter();
    counter.addFrames([FRAME], 1000);
    expect(rateOf(counter.tally())).toBeNull();
  });
});

it("takes lines of later versions, and refuses what is none", () => {
  const line = { type: "ended", why: "source", more: 1 };
  expect(AloneLine.parse(line)).toEqual({ type: "ended", why: "source" });
  expect(AloneLine.safeParse({ type: "frames", frames: [{}] }).success).toBe(false);
});
