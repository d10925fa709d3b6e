import { describe, expect, it } from "vitest";
import type { SelfTestFigures } from "../../../fleet/contract/index.ts";
import {
  candidatesOf,
  compareFigures,
  figuresOf,
  goldenPictures,
  OF_ITS_MODEL,
  SAME_ENGINE,
} from "../../../fleet/engine/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

const MODEL = sha256Digest("a model");
type Found = Parameters<typeof figuresOf>[1][number];

const found = (count: number, change: (at: number) => Partial<Found[number]> = () => ({})): Found =>
  Array.from({ length: count }, (_, at) => ({
    ...{ label: String(at % 3), score: 0.9 - at / 50, box: [10 * at, 20, 30, 40] },
    ...change(at),
  }));
const figures = (...pictures: Found[]): SelfTestFigures => figuresOf("yolox", pictures);
const RIGHT = figures(found(12), found(30));

describe("golden pictures", () => {
  it("are the same for a model wherever they are made, and others for another model", () => {
    const [first, second] = goldenPictures(MODEL).map(({ rgb }) => sha256Digest(rgb));
    // Written down: a change of it makes figures of two agents' versions incomparable.
    expect(first).toBe("sha256:cbbcf897e4be14bf70bf817ba2ccd16d324c8f72579f8ded52a0e9a217911678");
    expect(second).not.toBe(first);
    expect(
      goldenPictures(sha256Digest("another")).map(({ rgb }) => sha256Digest(rgb)),
    ).not.toContain(first);
    for (const { rgb, width, height } of goldenPictures(MODEL)) {
      expect(rgb.length).toBe(width * height * 3);
    }
  });
});

describe("figures", () => {
  it("hold the strongest of what was found, and how much it was", () => {
    expect(RIGHT.pictures.map(({ candidates }) => candidates)).toEqual([12, 30]);
    expect(RIGHT.pictures[1]?.strongest).toHaveLength(16);
    expect(RIGHT.pictures[0]?.strongest[0]).toEqual({ label: 0, score: 0.9, box: [0, 20, 30, 40] });
    expect(candidatesOf(RIGHT)).toBe(42);
    expect(candidatesOf(figures([], []))).toBe(0);
  });

  const alike: [string, SelfTestFigures][] = [
    ["the same", RIGHT],
    [
      "scores and boxes off by a little",
      figures(
        found(12, (at) => ({ score: 0.895 - at / 50, box: [10 * at + 0.1, 20, 30, 40] })),
        found(30),
      ),
    ],
    ["a weak one too many", figures(found(13), found(30))],
    [
      "one of many suppressed",
      figures(
        found(12).filter((_, at) => at !== 4),
        found(30),
      ),
    ],
  ];
  it.each(alike)("are alike: %s", (_, other) => {
    expect(compareFigures(other, RIGHT, SAME_ENGINE).differs).toBeNull();
    expect(compareFigures(RIGHT, other, SAME_ENGINE).differs).toBeNull();
  });

  const different: [string, RegExp, SelfTestFigures][] = [
    ["nothing found", /0 candidates instead of 12/, figures([], [])],
    [
      "scores off",
      /have no like/,
      figures(
        found(12, (at) => ({ score: 0.8 - at / 50 })),
        found(30),
      ),
    ],
    [
      "boxes off",
      /have no like/,
      figures(
        found(12, (at) => ({ box: [10 * at + 3, 20, 30, 40] })),
        found(30),
      ),
    ],
    [
      "other labels",
      /have no like/,
      figures(
        found(12, () => ({ label: "7" })),
        found(30),
      ),
    ],
    ["twice as many", /60 candidates instead of 30/, figures(found(12), found(60))],
    ["another decoder", /in another way/, figuresOf("fastestdet", [found(12), found(30)])],
    ["one picture alone", /in another way/, figures(found(12))],
  ];
  it.each(different)("differ: %s", (_, why, other) => {
    expect(compareFigures(other, RIGHT, SAME_ENGINE).differs).toMatch(why);
  });

  it("of an engine may be further from those of its model than from another run of itself", () => {
    const near = figures(
      found(12, (at) => ({ score: 0.885 - at / 50 })),
      found(30),
    );
    expect(compareFigures(near, RIGHT, SAME_ENGINE).differs).not.toBeNull();
    const agreed = compareFigures(near, RIGHT, OF_ITS_MODEL);
    expect(agreed).toMatchObject({ differs: null, missing: 0, leastIou: 1 });
    expect(agreed.mostScoreOff).toBeCloseTo(0.015, 6);
  });
});
