import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { DetectedFrame, Detections } from "../../../fleet/contract/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { counts, type TrueObject } from "../../../fleet/sim/score/index.ts";
import { TruthKeeper } from "../../../fleet/sim/truth/keeper.ts";
import { WINDOW_FRAMES } from "../../../fleet/sim/truth/pipeline-truth.ts";
import { TruthReport } from "../../../fleet/sim/truth/report.ts";
import { SCENE_BINARY, SceneTruth } from "../../../fleet/sim/truth/scene-truth.ts";

const scene = { seed: 4, width: 1280, height: 720, fps: 15 };
const [v1, v2] = [sha256Digest("v1"), sha256Digest("v2")];

function frameOf(number: number, objects: readonly TrueObject[]): DetectedFrame {
  const detections = objects
    .filter((object) => counts(object, scene.height))
    .map(({ label, box }) => ({
      label,
      score: 0.9,
      box: [...box] as [number, number, number, number],
    }));
  return {
    sourceFrame: number,
    index: number,
    ptsMs: number * 66,
    capturedAtMs: number * 66,
    width: scene.width,
    height: scene.height,
    detections,
    tracks: detections.map((detection, at) => ({ ...detection, trackId: at + 1 })),
  };
}

const batchOf = (frames: DetectedFrame[], modelDigest = v1): Detections => ({
  pipeline: "entrance",
  seq: 0,
  modelDigest,
  frames,
});
const from = { device: "tx2", receivedAtMs: 1 };

describe("the truth of a simulated camera", () => {
  it("is what the scene's command says, across chunks and in any order", async () => {
    const truth = new SceneTruth(scene);
    for (const frame of [650, 0, 299, 300]) {
      const args = ["truth", "--seed", "4", "--from", String(frame), "--count", "1"];
      const said = JSON.parse(execFileSync(SCENE_BINARY, args, { encoding: "utf8" })) as {
        night: number;
        objects: TrueObject[];
      };
      expect(await truth.of(frame)).toMatchObject({ night: said.night, objects: said.objects });
    }
  });
});

describe("the truth keeper", () => {
  it("finds nothing wrong with detections that are the truth", async () => {
    const truth = new SceneTruth(scene);
    const keeper = new TruthKeeper(truth, scene.seed);
    for (let number = 100; number < 150; number++) {
      await keeper.add(batchOf([frameOf(number, (await truth.of(number)).objects)]), from);
    }
    const report = TruthReport.parse(keeper.report(2));
    const [run] = report.runs;
    expect(run?.frames).toEqual({ matched: 50, missing: 0, unmatched: 0, first: 100, last: 149 });
    expect(run?.detector.pooled).toMatchObject({ fp: 0, fn: 0, precision: 1, recall: 1 });
    expect(run?.detector.pooled.tp).toBeGreaterThan(100);
  });

  it("says how many of its frames are of the scene's night, when detectors see less", async () => {
    const truth = new SceneTruth({ ...scene, seed: 1 });
    const keeper = new TruthKeeper(truth, 1);
    // Seed 1 begins in the morning; its first night is around frame 5,850, and the next a day of 9,000 frames later.
    for (const number of [0, 1, 5850, 5851, 5852, 14850]) {
      await keeper.add(batchOf([frameOf(number, [])]), from);
    }
    expect(keeper.report(2).runs).toMatchObject([{ nightFrames: 4 }]);
  });

  it("finds everything wrong with detections of another frame's place", async () => {
    const truth = new SceneTruth(scene);
    const keeper = new TruthKeeper(truth, scene.seed);
    const elsewhere = frameOf(100, (await truth.of(100)).objects);
    for (const { box } of elsewhere.detections) box[0] += 400;
    await keeper.add(batchOf([elsewhere]), from);
    expect(keeper.report(2).runs[0]?.detector.pooled.recall).toBeLessThan(0.2);
  });

  it("tells from the frame numbers what a change of model cost, and keeps both models' figures", async () => {
    const keeper = new TruthKeeper(new SceneTruth(scene), scene.seed);
    await keeper.add(batchOf([frameOf(10, []), frameOf(11, [])]), from);
    await keeper.add(batchOf([frameOf(14, [])], v2), from);
    const { swaps, runs } = keeper.report(2);
    expect(swaps).toMatchObject([
      { fromDigest: v1, toDigest: v2, lastFrame: 11, firstFrame: 14, lostFrames: 2, gapMs: 198 },
    ]);
    expect(runs.map(({ modelDigest, frames }) => [modelDigest, frames.matched])).toEqual([
      [v1, 2],
      [v2, 1],
    ]);
  });

  it("begins anew when the camera does, instead of calling everything between missing", async () => {
    const keeper = new TruthKeeper(new SceneTruth(scene), scene.seed);
    await keeper.add(batchOf([frameOf(900, []), frameOf(901, [])]), from);
    await keeper.add(batchOf([frameOf(3, []), frameOf(4, [])]), from);
    expect(keeper.report(2).runs.map(({ frames }) => frames)).toEqual([
      { matched: 2, missing: 0, unmatched: 0, first: 3, last: 4 },
    ]);
  });

  it("forgets frames older than its window, so that figures follow the present", async () => {
    const keeper = new TruthKeeper(new SceneTruth(scene), scene.seed);
    const frames = Array.from({ length: WINDOW_FRAMES + 20 }, (_, number) => frameOf(number, []));
    await keeper.add(batchOf(frames), from);
    expect(keeper.report(2).runs[0]?.frames).toMatchObject({ matched: WINDOW_FRAMES, first: 20 });
  });
});
