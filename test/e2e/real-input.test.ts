import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COCO_LABELS } from "../../cli/coco-labels.ts";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import { iou } from "../../fleet/contract/index.ts";
import { addon, data, hasData, model, needsData } from "../native/addon.ts";
import { DEVICE, SmallWorld } from "./support/small-world.ts";

const video = data("videos/car-detection.mp4");
const yoloxNano = data("models/yolox_nano.onnx");
const MINUTE = 60_000;
/** YOLOX-nano is unsure of cars seen from this steep an angle; at 0.4 it finds one in 5 of 377 frames. */
const MIN_SCORE = 0.15;
/**
 * The same decoder and the same arithmetic on both ways, so boxes agree but for the rounding of what is reported.
 */
const SAME = { iou: 0.97, score: 0.005 };

describe.skipIf(!hasData)(
  `a real model on a real video over RTSP, on a simulated Xavier${needsData}`,
  { timeout: 5 * MINUTE },
  () => {
    let world: SmallWorld;
    let offline: DetectedFrame[];
    const live: DetectedFrame[] = [];

    beforeAll(async () => {
      offline = await runOffline();
      world = await SmallWorld.create("agx-xavier");
      // Sent as it is, not encoded again, and over and over so that deployment may take its time.
      await world.startCamera({ file: video, loop: true });
      await world.configure({ model: yoloxNano, labels: [...COCO_LABELS] });
      await world.pulumi(["config", "set", "quickstart:minScore", String(MIN_SCORE)]);
    }, 3 * MINUTE);
    afterAll(() => world?.end(), MINUTE);

    it("is deployed by pulumi up, which ends when frames flow", async () => {
      const up = await world.up();
      expect(up.text).toMatch(/frames per second/);
      expect(up.code, up.text).toBe(0);
    });

    it("finds in every frame what an offline run over the same frames finds", async () => {
      const link = await world.client().connectMqtt();
      await link.subscribe(DEVICE, "detections", (batch) => live.push(...batch.frames));
      await expect.poll(() => live.length, { timeout: MINUTE, interval: 200 }).toBeGreaterThan(300);
      await link.close();

      const compared = live.filter(({ sourceFrame }) => sourceFrame !== null);
      expect(compared.length).toBe(live.length);
      let boxes = 0;
      for (const frame of compared) {
        const expected = offline[(frame.sourceFrame ?? 0) % offline.length];
        expect(frame.detections.length, `frame ${frame.sourceFrame}`).toBe(
          expected?.detections.length,
        );
        for (const box of frame.detections) {
          const same = expected?.detections.some(
            (other) =>
              other.label === box.label &&
              iou(other.box, box.box) >= SAME.iou &&
              Math.abs(other.score - box.score) <= SAME.score,
          );
          expect(same, `frame ${frame.sourceFrame}: ${JSON.stringify(box)}`).toBe(true);
          boxes++;
        }
      }
      expect(boxes).toBeGreaterThan(100);
    });

    it("finds cars and follows them, as many as the offline run does in the same stretch", () => {
      const cars = (frames: readonly DetectedFrame[]) =>
        new Set(
          frames.flatMap(({ tracks }) =>
            (tracks ?? []).filter(({ label }) => label === "car").map(({ trackId }) => trackId),
          ),
        ).size;
      const seen = new Set(live.map(({ sourceFrame }) => (sourceFrame ?? 0) % offline.length));
      const expected = cars(offline.filter((_, at) => seen.has(at)));
      expect(expected).toBeGreaterThan(0);
      // Frames that a busy machine dropped, and the jump at the loop, may split a track in two.
      expect(cars(live)).toBeGreaterThanOrEqual(expected);
      expect(cars(live)).toBeLessThanOrEqual(2 * expected + 2);
    });
  },
);

/** The same model over the same file, without network, agent or clock: frame by frame from the disk. */
async function runOffline(): Promise<DetectedFrame[]> {
  const frames: DetectedFrame[] = [];
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const pipeline = await addon.startPipeline(
    {
      name: "offline",
      sources: [{ uri: `file://${video}`, transport: "tcp", loop: false, timeoutMs: 20_000 }],
      model: model(yoloxNano, { labels: [...COCO_LABELS], minScore: MIN_SCORE }),
      track: { algorithm: "bytetrack" },
      statsIntervalMs: 1000,
      batchMs: 30,
    },
    (message) => {
      if (message.type === "frames") {
        frames.push(...(JSON.parse(Buffer.from(message.json).toString()) as DetectedFrame[]));
      }
      if (message.type === "failed") reject(new Error(message.error.message));
      if (message.type === "source" && message.state === "ended") resolve();
    },
  );
  await ended;
  await pipeline.stop();
  return frames;
}
