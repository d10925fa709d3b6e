import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addon,
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  needsData,
  Run,
  yoloxNano,
} from "./addon.ts";

type Box = [number, number, number, number];

/** What YOLOX's own code says of images/dog.jpg (SOURCES.md): label, score, left, top, width, height. */
const EXPECTED: [string, number, Box][] = [
  ["dog", 0.855, [133, 207, 193, 337]],
  ["bicycle", 0.803, [52, 137, 521, 286]],
  ["car", 0.798, [466, 78, 226, 93]],
];

function iou(a: Box, b: Box): number {
  const overlap = (from: 0 | 1, size: 2 | 3): number =>
    Math.max(0, Math.min(a[from] + a[size], b[from] + b[size]) - Math.max(a[from], b[from]));
  const both = overlap(0, 2) * overlap(1, 3);
  return both / (a[2] * a[3] + b[2] * b[3] - both);
}

describe.skipIf(!hasData)(`images/dog.jpg through yolox_nano${needsData}`, () => {
  let fixture: Fixture;
  beforeAll(() => {
    fixture = new Fixture();
  });
  afterAll(() => fixture.dispose());

  test("gives the reference's boxes within 2 pixels and 0.01 when fed as RGB", async () => {
    // Chroma of a JPEG is repeated, not smoothed: as close to the reference's decoder as ffmpeg gets. (With
    // the pixels of libjpeg the boxes agree within 0.5 pixels and 0.0003.)
    const rgb = ffmpeg(
      ...["-i", data("images/dog.jpg"), "-vf", "scale=flags=neighbor+accurate_rnd+full_chroma_int"],
      ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
    );
    const image = { rgb: new Uint8Array(rgb), width: 768, height: 576 };
    const found = await addon.detectImage(yoloxNano(), image);
    for (const [label, score, box] of EXPECTED) {
      const match = found.find((detection) => detection.label === label);
      expect(Math.abs((match?.score ?? 0) - score), `score of ${label}`).toBeLessThanOrEqual(0.01);
      for (const [i, edge] of box.entries()) {
        expect(Math.abs((match?.box[i] ?? 0) - edge), `${label}[${i}]`).toBeLessThanOrEqual(2);
      }
    }
  });

  test("has a dog, a bicycle and a car for fastestdet, too", async () => {
    const rgb = ffmpeg(
      ...["-i", data("images/dog.jpg"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
    );
    const image = { rgb: new Uint8Array(rgb), width: 768, height: 576 };
    const fastestdet = yoloxNano({ path: data("models/fastestdet.onnx"), decoder: "fastestdet" });
    const found = await addon.detectImage(fastestdet, image);
    for (const [label, , box] of EXPECTED) {
      const overlaps = found
        .filter(
          (detection) =>
            detection.label === label || (label === "car" && detection.label === "truck"),
        )
        .map((detection) => iou(detection.box, box));
      expect(Math.max(...overlaps), label).toBeGreaterThan(0.6);
    }
  });

  test("gives them within IoU 0.9 and 0.03 through H.264 and the whole pipeline", async () => {
    const video = fixture.file("dog.mp4");
    ffmpeg(
      ...["-loop", "1", "-framerate", "5", "-t", "1", "-i", data("images/dog.jpg")],
      ...["-vf", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"],
      ...["-c:v", "libx264", "-crf", "1", "-preset", "fast", video],
    );
    const run = await Run.start(
      fixture.options({ sources: [fileSource(video)], model: yoloxNano(), track: null }),
    );
    await run.untilEnded();
    await run.stop();
    expect(run.frames.length).toBe(5);
    for (const frame of run.frames) {
      for (const [label, score, box] of EXPECTED) {
        const match = frame.detections.find((detection) => detection.label === label);
        expect(Math.abs((match?.score ?? 0) - score), `score of ${label}`).toBeLessThanOrEqual(
          0.03,
        );
        expect(iou(match?.box ?? [0, 0, 0, 0], box), `box of ${label}`).toBeGreaterThanOrEqual(0.9);
      }
    }
  });
});
