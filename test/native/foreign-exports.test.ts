/**
 * Models as others published them: what a preview says of each, and what comes of it on a real video. Those of packages are
 * fetched, so this is of the long form (JETFLEET_TEST_FULL).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256Digest } from "../../fleet/release/index.ts";
import { type Decoder, ModelInput } from "../../fleet/spec/index.ts";
import { KeptTrials } from "../../infra/provider/model/kept-trials.ts";
import { ModelTrials } from "../../infra/provider/model/try-model.ts";
import { fetchWheel } from "../../native/wheel.mjs";
import {
  COCO,
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  model,
  needsData,
  Run,
} from "./addon.ts";

const FULL = process.env["JETFLEET_TEST_FULL"] === "1";
const WHY = FULL ? needsData : " [skipped: only in the long form, JETFLEET_TEST_FULL=1]";
const MINUTE = 60_000;

const WHEELS = {
  nudenet: {
    requirement: "nudenet==3.4.2",
    sha256: "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331",
  },
  ddddocr: {
    requirement: "ddddocr==1.6.1",
    sha256: "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935",
  },
  rapidocr: {
    requirement: "rapidocr-onnxruntime==1.4.4",
    sha256: "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
  },
};

interface Export {
  /** Of ../shared/data/models, or of a package. */
  file: string;
  from?: keyof typeof WHEELS;
  labels?: string[];
  decoder?: Decoder;
  input?: ModelInput;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);
const sides = (width: number, height = width): ModelInput => ModelInput.parse({ width, height });
/** As PaddleOCR has it: (x / 255 - 0.5) / 0.5. */
const HALVES = { mean: [127.5, 127.5, 127.5], scale: [1, 1, 1].map(() => 1 / 127.5) };

/** What runs: the decoder that is found, and what must be seen in at least half of the clip's pictures. */
const RUN: [Export, Decoder, string | null][] = [
  [{ file: "yolox_nano.onnx", labels: COCO }, "yolox", "person"],
  [{ file: "fastestdet.onnx", labels: COCO }, "fastestdet", "person"],
  [{ file: "yunet_n_320.onnx", labels: ["face"] }, "yunet", "face"],
  [{ file: "ultraface_rfb_320.onnx", labels: ["face"] }, "ultraface", "face"],
  [{ file: "mobilenet_v2_int8_qdq.onnx", labels: numbered(1000) }, "classification", null],
  // Its vectors are read by themselves; a pipeline has no boxes of it.
  [{ file: "person_reid_0288.onnx", decoder: "reid" }, "reid", null],
  // Its class 9 is feet in shoes. Its own reader turns the colours twice.
  [
    {
      from: "nudenet",
      file: "nudenet/320n.onnx",
      labels: numbered(18),
      input: { ...sides(320), fit: "letterbox", channels: "bgr", pad: 0 },
    },
    "yolov8",
    "9",
  ],
  // Finds glyphs; of people there are none.
  [{ from: "ddddocr", file: "ddddocr/common_det.onnx", labels: ["text"] }, "yolox", null],
  // Which way up a line of text is.
  [
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
      labels: ["0", "180"],
      input: ModelInput.parse({ ...sides(192, 48), ...HALVES, fit: "letterbox", channels: "bgr" }),
    },
    "classification",
    null,
  ],
];

const REFUSED: [string, Export, RegExp][] = [
  [
    "open sizes that nobody named",
    { from: "nudenet", file: "nudenet/320n.onnx", labels: numbered(18) },
    /leaves open: name them as the model's input\.width and input\.height/,
  ],
  [
    "another number of labels",
    { from: "nudenet", file: "nudenet/320n.onnx", labels: numbered(80), input: sides(320) },
    /none of yolov10, rt-detr makes sense/,
  ],
  [
    "a vector without a name",
    { file: "person_reid_0288.onnx" },
    /none fits the model with 1 labels/,
  ],
  [
    "YOLOX's other export",
    { file: "yolox_nano.onnx", labels: COCO, decoder: "yolox-decoded" },
    /the outputs mean something else/,
  ],
  [
    "a map of where text is",
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
      input: sides(320),
    },
    /none fits the model with 1 labels/,
  ],
  [
    "letters in a row",
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
      input: sides(320, 48),
    },
    /none fits the model with 1 labels/,
  ],
  [
    "pictures of one channel",
    { from: "ddddocr", file: "ddddocr/common.onnx" },
    /Expected an input of shape \[N,3,H,W\] or \[N,H,W,3\]/,
  ],
  [
    "another with pictures of one channel",
    { from: "ddddocr", file: "ddddocr/common_old.onnx" },
    /Expected an input of shape \[N,3,H,W\] or \[N,H,W,3\]/,
  ],
];

describe.skipIf(!FULL || !hasData)(`foreign exports${WHY}`, { timeout: 2 * MINUTE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-foreign-"));
  const fixture = new Fixture({ seconds: 0.1 });
  const clip = join(folder, "clip.mp4");
  const wheels: Partial<Record<keyof typeof WHEELS, string>> = {};
  const trials = new ModelTrials({ kept: new KeptTrials(() => join(folder, "trials")) });

  beforeAll(async () => {
    for (const name of ["nudenet", "ddddocr", "rapidocr"] as const) {
      wheels[name] = await fetchWheel(folder, WHEELS[name]);
    }
    // One who looks at the camera.
    const video = data("videos/one-by-one-person-detection.mp4");
    ffmpeg("-ss", "33.5", "-i", video, "-t", "1", "-an", "-c:v", "libx264", clip);
  }, 10 * MINUTE);
  afterAll(() => {
    fixture.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const pathOf = ({ from, file }: Export): string =>
    from === undefined ? data(`models/${file}`) : join(wheels[from] ?? "", file);

  const previewed = (one: Export) => {
    const path = pathOf(one);
    const bytes = readFileSync(path);
    const { decoder = "auto", labels = ["object"], input } = one;
    const order = { model: path, digest: sha256Digest(bytes), labelCount: labels.length, input };
    return trials.try({ ...order, decoder }, bytes.length, new AbortController().signal);
  };

  const named = RUN.map(([one, ...rest]) => [one.file, one, ...rest] as const);
  test.each(named)("%s runs as it should", async (_, one, decoder, seen) => {
    expect(await previewed(one)).toMatchObject({ decoder });
    const { labels = ["object"], input } = one;
    const options = model(pathOf(one), { labels, decoder, input, minScore: 0.3 });
    const run = await Run.start(fixture.options({ sources: [fileSource(clip)], model: options }));
    try {
      await run.untilEnded(MINUTE);
    } finally {
      await run.stop();
    }
    expect(run.frames.length).toBeGreaterThan(5);
    const found = run.frames.flatMap(({ detections }) => detections);
    for (const { label, score } of found) {
      expect(labels).toContain(label);
      expect(score).toBeLessThanOrEqual(1);
    }
    if (seen === null) return;
    const having = run.frames.filter((frame) =>
      frame.detections.some(({ label }) => label === seen),
    );
    expect(having.length / run.frames.length).toBeGreaterThan(0.5);
  });

  test.each(REFUSED)("%s is refused in the preview, with the reason", async (_, one, reason) => {
    expect(await previewed(one)).toMatchObject({
      failure: { code: "MODEL_INVALID", reason: expect.stringMatching(reason) },
    });
  });
});
