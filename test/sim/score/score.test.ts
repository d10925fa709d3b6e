import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DetectedFrame } from "../../../fleet/contract/index.ts";
import { iou } from "../../../fleet/contract/index.ts";
import {
  COUNTING_RULE,
  counts,
  matchFrame,
  RunScore,
  type TrueObject,
} from "../../../fleet/sim/score/index.ts";

const person = (
  id: number,
  left: number,
  top: number,
  more: Partial<TrueObject> = {},
): TrueObject => ({
  id,
  label: "person",
  box: [left, top, 40, 80],
  visible: 1,
  ...more,
});
const found = (left: number, top: number, score = 0.9, label = "person") => ({
  label,
  score,
  box: [left, top, 40, 80] as [number, number, number, number],
});

function frameOf(
  sourceFrame: number | null,
  boxes: ReturnType<typeof found>[],
  trackIds: number[],
): DetectedFrame {
  return {
    sourceFrame,
    index: 0,
    ptsMs: 0,
    capturedAtMs: null,
    width: 1280,
    height: 720,
    detections: boxes,
    tracks: boxes.map((box, at) => ({ ...box, trackId: trackIds[at] ?? 1 })),
  };
}

describe("overlap", () => {
  it("is 1 for a box with itself, symmetric, and between 0 and 1", () => {
    const side = fc.double({ min: 0.5, max: 500, noNaN: true });
    const box = fc.tuple(side, side, side, side);
    fc.assert(
      fc.property(box, box, (a, b) => {
        expect(iou(a, a)).toBeCloseTo(1, 9);
        expect(iou(a, b)).toBe(iou(b, a));
        expect(iou(a, b)).toBeGreaterThanOrEqual(0);
        expect(iou(a, b)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  it.each([
    ["empty", [5, 5, 0, 0]],
    ["negative", [5, 5, -3, 4]],
    ["not a number", [Number.NaN, 5, 3, 4]],
  ] as const)("with a box that is %s is 0", (_what, box) => {
    expect(iou(box, [0, 0, 10, 10])).toBe(0);
  });
});

describe("the counting rule", () => {
  it("is the one that the training figures follow", () => {
    const file = new URL("../../../models/scoring.json", import.meta.url);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(COUNTING_RULE);
  });
});

describe("matching one frame", () => {
  it("gives each true object to the best-scored box only; the second is wrong", () => {
    const match = matchFrame(
      [person(1, 100, 100)],
      [found(102, 100, 0.6), found(101, 100, 0.8)],
      720,
    );
    expect(match.pairs.map((pair) => pair.found.score)).toEqual([0.8]);
    expect(match.wrong.map((object) => object.score)).toEqual([0.6]);
  });

  it("does not match another label or an overlap below one half", () => {
    const match = matchFrame(
      [person(1, 100, 100)],
      [found(100, 100, 0.9, "vehicle"), found(125, 100)],
      720,
    );
    expect([match.pairs.length, match.wrong.length, match.missed.length]).toEqual([0, 2, 1]);
  });

  it.each([
    ["hidden", { visible: 0.2 }],
    ["small", { box: [100, 100, 20, 28] as const }],
  ])("neither asks for nor punishes an object that is too %s to count", (_what, more) => {
    const object = person(1, 100, 100, more);
    expect(counts(object, 720)).toBe(false);
    const box = { ...found(100, 100), box: [...object.box] as [number, number, number, number] };
    expect(matchFrame([object], [box], 720)).toEqual({ pairs: [], missed: [], wrong: [] });
    expect(matchFrame([object], [], 720)).toEqual({ pairs: [], missed: [], wrong: [] });
  });

  it("leaves out a box of another label on an ignored object, but not one beside it", () => {
    const hidden = person(1, 100, 100, { visible: 0.1 });
    const boxes = [found(110, 100, 0.9, "bicycle"), found(300, 100, 0.8, "bicycle")];
    expect(matchFrame([hidden], boxes, 720).wrong).toEqual([boxes[1]]);
  });
});

describe("the score of a run", () => {
  it("agrees with py-motmetrics 1.4.0 on precision, recall and IDF1 of a run with misses, switches and strays", () => {
    const score = new RunScore();
    for (let frame = 0; frame < 60; frame++) {
      const truth: TrueObject[] = [];
      const boxes: ReturnType<typeof found>[] = [];
      const ids: number[] = [];
      for (let i = 0; i < 4; i++) {
        const left = 20 + i * 150 + frame * 2;
        truth.push(person(i + 1, left, 40 + i * 30));
        if ((frame * 7 + i * 3) % 6 === 0) continue;
        boxes.push(
          found(left + ([0, 3, 6, 25][(frame + i) % 4] ?? 0), 40 + i * 30, 0.9 - 0.01 * i),
        );
        ids.push(frame < 30 || i % 2 === 1 ? i + 1 : i + 11);
      }
      if (frame % 4 === 0) {
        boxes.push(found(900, 500, 0.5));
        ids.push(99);
      }
      score.add(frameOf(frame, boxes, ids), () => truth);
    }
    const { tracker, detector } = score.figures();
    expect(tracker.idf1).toBeCloseTo(0.4659340659, 6);
    expect(tracker.pooled.precision).toBeCloseTo(0.6511627907, 6);
    expect(tracker.pooled.recall).toBeCloseTo(0.5833333333, 6);
    expect(detector).toEqual({ pooled: tracker.pooled, perLabel: tracker.perLabel });
  });

  it("counts frames that are missing, repeated or without a number instead of dropping them", () => {
    const score = new RunScore();
    for (const number of [10, 11, 13, 13, null, 17]) score.add(frameOf(number, [], []), () => []);
    expect(score.figures().frames).toEqual({
      matched: 4,
      missing: 4,
      unmatched: 2,
      first: 10,
      last: 17,
    });
  });

  it("has no figures, rather than perfect ones, before anything was seen", () => {
    const figures = new RunScore().figures();
    expect(figures.frames).toEqual({
      matched: 0,
      missing: 0,
      unmatched: 0,
      first: null,
      last: null,
    });
    expect([
      figures.detector.pooled.precision,
      figures.detector.pooled.recall,
      figures.tracker.idf1,
    ]).toEqual([null, null, null]);
  });
});
