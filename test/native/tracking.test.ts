import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addon, data, hasData, needsData } from "./addon.ts";
import { type MotBox, type MotScore, scoreMot } from "./mot-score.ts";

/** As the published tracker is set for this benchmark. */
const OPTIONS = { highScore: 0.6, lowScore: 0.1, newTrackScore: 0.7, fuseScore: false };

/** The scorer gives what py-motmetrics gives, to six digits. Floors a little below what the tracker reaches on these sequences. */
const SEQUENCES: [string, { mota: number; idf1: number }][] = [
  ["TUD-Campus", { mota: 0.59, idf1: 0.69 }],
  ["TUD-Stadtmitte", { mota: 0.67, idf1: 0.73 }],
  ["PETS09-S2L1", { mota: 0.61, idf1: 0.46 }],
  ["ETH-Sunnyday", { mota: 0.54, idf1: 0.72 }],
];

describe("the scorer", () => {
  const still = (id: number): MotBox => ({ id, box: [0, 0, 10, 10] });

  test("gives one to a perfect answer", () => {
    const truth = [[still(1)], [still(1)]];
    expect(scoreMot(truth, [[still(7)], [still(7)]])).toMatchObject({ mota: 1, idf1: 1 });
  });

  test("counts misses, false positives and switches", () => {
    const truth = [[still(1)], [still(1)], [still(1)], []];
    const found = [[still(7)], [still(8)], [], [still(8)]];
    const score = scoreMot(truth, found);
    expect(score).toMatchObject({ misses: 1, falsePositives: 1, switches: 1, mota: 0 });
    expect(score.idf1).toBeCloseTo((2 * 1) / (3 + 3));
  });
});

describe.skipIf(!hasData)(`ByteTrack on sequences of MOT15${needsData}`, () => {
  test.each(SEQUENCES)("%s reaches its floor of MOTA and IDF1", (sequence, floor) => {
    const score = trackAndScore(sequence);
    expect(score.mota).toBeGreaterThanOrEqual(floor.mota);
    expect(score.idf1).toBeGreaterThanOrEqual(floor.idf1);
  });
});

function trackAndScore(sequence: string): MotScore {
  const detections = readMot(sequence, "det.txt");
  const truth = readMot(sequence, "gt.txt");
  const info = read(sequence, "seqinfo.ini");
  const length = Number(/seqLength=(\d+)/.exec(info)?.[1]);
  const fps = Number(/frameRate=(\d+)/.exec(info)?.[1]);
  const frames = Array.from({ length }, (_, frame) =>
    (detections[frame] ?? []).map(({ box: [left, top, width, height], score }) => {
      return { left, top, width, height, score };
    }),
  );
  const tracks = addon.trackDetections({ ...OPTIONS, fps }, frames);
  const found = tracks.map((list) => list.map(({ trackId, box }) => ({ id: trackId, box })));
  // Truth marked 0 is not to be judged.
  const judged = frames.map((_, f) => (truth[f] ?? []).filter((entry) => entry.score > 0));
  return scoreMot(judged, found);
}

/** Lines `frame,id,left,top,width,height,score`, by frame from 0. */
function readMot(sequence: string, file: string): (MotBox & { score: number })[][] {
  const frames: (MotBox & { score: number })[][] = [];
  for (const line of read(sequence, file).trim().split("\n")) {
    const [frame = 0, id = 0, left = 0, top = 0, width = 0, height = 0, score = 0] = line
      .split(",")
      .map(Number);
    (frames[frame - 1] ??= []).push({ id, box: [left, top, width, height], score });
  }
  return frames;
}

function read(sequence: string, file: string): string {
  return readFileSync(data(`mot/${sequence}/${file}`), "utf8");
}
