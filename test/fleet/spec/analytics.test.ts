import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AnalyticsSpec,
  analyticsProblems,
  MAX_LINES,
  MAX_ZONES,
} from "../../../fleet/spec/index.ts";
import { isOneWayRound } from "../../../fleet/spec/polygon.ts";

const door = { from: [0.1, 0.6], to: [0.9, 0.6] };
const hall = {
  points: [
    [0, 0],
    [1, 0],
    [1, 1],
  ],
};
const several = (count: number, place: object) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, place]));

describe("analytics", () => {
  it("takes lines and zones by name and adds nothing to them", () => {
    const said = { lines: { door }, zones: { hall } };
    expect(AnalyticsSpec.parse(said)).toEqual(said);
  });

  it.each([
    [
      "a line without length",
      { lines: { door: { ...door, to: door.from } } },
      "lines.door.to",
      "another point",
    ],
    ["a point outside", { lines: { door: { ...door, to: [0.5, 1.2] } } }, "lines.door.to.1", "<=1"],
    ["a point of three", { lines: { door: { ...door, to: [0, 0, 0] } } }, "lines.door.to", ""],
    ["33 lines", { lines: several(MAX_LINES + 1, door) }, "lines", "at most 32 lines"],
    ["33 zones", { zones: several(MAX_ZONES + 1, hall) }, "zones", "at most 32 zones"],
    ["a name with a blank", { lines: { "the door": door } }, "lines.the door", ""],
    [
      "two corners",
      {
        zones: {
          hall: {
            points: [
              [0, 0],
              [1, 1],
            ],
          },
        },
      },
      "zones.hall.points",
      "",
    ],
    [
      "65 corners",
      { zones: { hall: { points: Array.from({ length: 65 }, (_, n) => [n / 65, (n % 2) / 9]) } } },
      "zones.hall.points",
      "",
    ],
    [
      "a polygon that crosses itself",
      {
        zones: {
          hall: {
            points: [
              [0, 0],
              [1, 1],
              [1, 0],
              [0, 1],
            ],
          },
        },
      },
      "zones.hall.points",
      "must not cross itself, but side 1 meets side 3",
    ],
    [
      "a corner twice",
      {
        zones: {
          hall: {
            points: [
              [0, 0],
              [0, 0],
              [1, 1],
            ],
          },
        },
      },
      "zones.hall.points",
      "corner 1 twice",
    ],
    [
      "a polygon without area",
      {
        zones: {
          hall: {
            points: [
              [0, 0],
              [0.5, 0.5],
              [1, 1],
            ],
          },
        },
      },
      "zones.hall.points",
      "must",
    ],
    ["an unknown key", { lines: { door: { ...door, colour: "red" } } }, "lines.door", ""],
  ])("refuses %s, naming the property", (_what, said, path, message) => {
    const issues = AnalyticsSpec.safeParse(said).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toContain(path);
    expect(issues.map((issue) => issue.message).join()).toContain(message);
  });

  it("takes any star-shaped polygon, either way round, and none with two corners exchanged", () => {
    const radii = fc.array(fc.double({ min: 0.1, max: 0.5, noNaN: true }), {
      minLength: 5,
      maxLength: 64,
    });
    fc.assert(
      fc.property(radii, (all) => {
        const points = all.map((radius, n) => {
          const angle = (2 * Math.PI * n) / all.length;
          return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)] as const;
        });
        expect(isOneWayRound(points)).toBeNull();
        expect(isOneWayRound(points.toReversed())).toBeNull();
      }),
    );
    const round = [0, 1, 2, 3, 4].map((n) => [Math.cos(n), Math.sin(n)] as const);
    const [a, b, c, d, e] = round as [never, never, never, never, never];
    expect(isOneWayRound([a, c, b, d, e])).toMatch(/cross itself/);
  });

  it.each([
    ["no tracker", { isTracked: false }, {}, ["", "needs a tracker"]],
    [
      "a source that is none",
      {},
      { source: "yard" },
      ["lines.door.source", "(cam, gate) but is yard"],
    ],
    ["a label that the model lacks", {}, { labels: ["cat"] }, ["lines.door.labels", "no cat"]],
  ])("cannot count with %s, and says what to do", (_what, world, place, [path, message]) => {
    const problems = analyticsProblems(
      AnalyticsSpec.parse({ lines: { door: { ...door, ...place } } }),
      {
        ...{ isTracked: true, sources: ["cam", "gate"], labels: ["person"] },
        ...world,
      },
    );
    expect(problems.map((one) => one.path.join("."))).toEqual([path]);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.hint).not.toBe("");
  });
});
