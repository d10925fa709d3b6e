import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addon, data, hasData, needsData } from "./addon.ts";
import { hota } from "./hota.ts";
import { type MotBox, type MotScore, scoreMot } from "./mot-score.ts";

type Options = Parameters<typeof addon.trackDetections>[0];

const SURE = { highScore: 0.7, lowScore: 0.1, newTrackScore: 0.8, fuseScore: true };
/** These detections begin at 0.5; SORT takes them all. */
const ALL = { ...SURE, highScore: 0 };

interface Floor {
  mota: number;
  hota: number;
}

/**
 * What the published trackers reach on these detections, by TrackEval: the MOTA of SORT and the HOTA of ByteTrack. The
 * scorers here give what TrackEval gives, to two digits of a percent.
 */
const RIVALS: [string, Floor][] = [
  ["TUD-Campus", { mota: 0.6267, hota: 0.5139 }],
  ["TUD-Stadtmitte", { mota: 0.7171, hota: 0.5381 }],
  ["PETS09-S2L1", { mota: 0.6191, hota: 0.3836 }],
  ["ETH-Sunnyday", { mota: 0.5915, hota: 0.5579 }],
];

/** Floors a little below what each reaches on TUD-Campus and ETH-Sunnyday. */
const OTHERS: [string, Partial<Options>, Floor, Floor][] = [
  ["oc-sort", { ...SURE, highScore: 0.6 }, { mota: 0.58, hota: 0.48 }, { mota: 0.57, hota: 0.53 }],
  ["iou", ALL, { mota: 0.57, hota: 0.43 }, { mota: 0.51, hota: 0.42 }],
];

describe("the scorer", () => {
  const still = (id: number): MotBox => ({ id, box: [0, 0, 10, 10] });

  test("gives one to a perfect answer", () => {
    const truth = [[still(1)], [still(1)]];
    expect(scoreMot(truth, [[still(7)], [still(7)]])).toMatchObject({ mota: 1, idf1: 1 });
    expect(hota(truth, [[still(7)], [still(7)]])).toBeCloseTo(1);
  });

  test("counts misses, false positives and switches", () => {
    const truth = [[still(1)], [still(1)], [still(1)], []];
    const found = [[still(7)], [still(8)], [], [still(8)]];
    const score = scoreMot(truth, found);
    expect(score).toMatchObject({ misses: 1, falsePositives: 1, switches: 1, mota: 0 });
    expect(score.idf1).toBeCloseTo((2 * 1) / (3 + 3));
    // Two of four boxes are found; their pairs share one of three and one of four frames.
    expect(hota(truth, found)).toBeCloseTo(Math.sqrt((2 / 4) * ((1 / 3 + 1 / 4) / 2)));
  });
});

describe.skipIf(!hasData)(`Trackers on sequences of MOT15${needsData}`, () => {
  test.each(RIVALS)(
    "%s: bytetrack has the MOTA of SORT and the HOTA of ByteTrack",
    (sequence, rival) => {
      const score = trackAndScore(sequence, SURE);
      expect(score.mota).toBeGreaterThanOrEqual(rival.mota);
      expect(score.hota).toBeGreaterThanOrEqual(rival.hota);
    },
  );

  test("TUD-Campus: sort makes the very errors of the published SORT", () => {
    const score = trackAndScore("TUD-Campus", { ...ALL, algorithm: "sort" });
    expect(score).toMatchObject({ falsePositives: 15, misses: 113, switches: 6 });
    expect(score.mota).toBeCloseTo(0.627, 3);
  });

  test("ETH-Sunnyday: sort has the MOTA of the published SORT", () => {
    expect(trackAndScore("ETH-Sunnyday", { ...ALL, algorithm: "sort" }).mota).toBeGreaterThan(
      0.591,
    );
  });

  test.each(OTHERS)("%s reaches its floors", (algorithm, options, campus, eth) => {
    for (const [sequence, floor] of [
      ["TUD-Campus", campus],
      ["ETH-Sunnyday", eth],
    ] as const) {
      const score = trackAndScore(sequence, { ...options, algorithm } as Partial<Options>);
      expect(score.mota, sequence).toBeGreaterThanOrEqual(floor.mota);
      expect(score.hota, sequence).toBeGreaterThanOrEqual(floor.hota);
    }
  });
});

/** Of every nth frame's detections; floors a little below what the default tracker reaches. */
const EVERY: [string, number, Floor][] = [
  ["TUD-Stadtmitte", 2, { mota: 0.7, hota: 0.53 }],
  ["TUD-Stadtmitte", 3, { mota: 0.68, hota: 0.52 }],
  ["ETH-Sunnyday", 2, { mota: 0.55, hota: 0.53 }],
  ["ETH-Sunnyday", 3, { mota: 0.53, hota: 0.51 }],
];

describe.skipIf(!hasData)(`Between two frames that are looked at${needsData}`, () => {
  test.each(EVERY)("%s at every %d: bytetrack tells where objects are", (sequence, n, floor) => {
    const score = trackAndScore(sequence, SURE, n);
    expect(score.mota).toBeGreaterThanOrEqual(floor.mota);
    expect(score.hota).toBeGreaterThanOrEqual(floor.hota);
  });
});

describe("an algorithm that is none", () => {
  test("is refused with the names of those that are", () => {
    const options = { ...SURE, fps: 25, algorithm: "deepsort" } as unknown as Options;
    expect(() => addon.trackDetections(options, [[]])).toThrow(/bytetrack, sort, oc-sort or iou/);
  });
});

function trackAndScore(
  sequence: string,
  options: Partial<Options>,
  interval = 1,
): MotScore & { hota: number } {
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
  const looked = frames.map((list, frame) => (frame % interval === 0 ? list : null));
  const tracks = addon.trackDetections({ ...SURE, fps, ...options }, looked);
  const found = tracks.map((list) => list.map(({ trackId, box }) => ({ id: trackId, box })));
  // Truth marked 0 is not to be judged.
  const judged = frames.map((_, f) => (truth[f] ?? []).filter((entry) => entry.score > 0));
  return { ...scoreMot(judged, found), hota: hota(judged, found) };
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
