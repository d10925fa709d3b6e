import { describe, expect, it } from "vitest";
import {
  Decoder,
  SecondarySpec,
  secondariesOf,
  secondaryProblems,
} from "../../../fleet/spec/index.ts";

const Secondaries = secondariesOf(SecondarySpec);

describe("secondary models", () => {
  it("may say nothing of themselves, and look at what is a twentieth of the picture high", () => {
    expect(Secondaries.parse({ colour: {} })).toEqual({ colour: { minHeight: 0.05 } });
  });

  it.each([
    ["none", {}, "", "1 to 4"],
    ["five", Object.fromEntries([..."abcde"].map((name) => [name, {}])), "", "1 to 4"],
    ["a name that is no DNS label", { "a name": {} }, "a name", ""],
    ["an unknown key", { colour: { minSize: 0.1 } }, "colour", "minSize"],
    ["no label", { colour: { labels: [] } }, "colour.labels", "1"],
    ["a score above 1", { colour: { minScore: 1.1 } }, "colour.minScore", "1"],
    ["a height in pixels", { colour: { minHeight: 64 } }, "colour.minHeight", "1"],
    ["a time below a frame's", { colour: { refreshMs: 10 } }, "colour.refreshMs", "100"],
  ])("refuses %s, naming the property", (_what, said, path, message) => {
    const issues = Secondaries.safeParse(said).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toContain(path);
    expect(issues.map((issue) => JSON.stringify(issue)).join()).toContain(message);
  });

  it.each([
    ["no tracker", { isTracked: false }, {}, "", "needs a tracker"],
    ["a label that the detector lacks", {}, { labels: ["person", "cat"] }, "a.labels", "no cat"],
    ["a score for vectors", { decoders: { a: "reid" } }, { minScore: 0.6 }, "a.minScore", "reid"],
    ["a detector", { decoders: { a: "yolox" } }, {}, "a.model", "is one of yolox"],
    ["a decoder of one's own", { decoders: { a: "library" } }, {}, "a.model", "library"],
  ] as const)(
    "cannot answer with %s, and it is said what to do",
    (_what, world, said, path, text) => {
      const problems = secondaryProblems(
        { a: { ...said } as SecondarySpec },
        {
          ...{ isTracked: true, labels: ["person"], decoders: { a: "classification" as const } },
          ...world,
        },
      );
      expect(problems.map((one) => one.path.join("."))).toEqual([path]);
      expect(problems[0]?.message).toContain(text);
      expect(problems[0]?.hint).not.toBe("");
    },
  );

  it("of these decoders and no other", () => {
    const isTaken = (decoder: Decoder) =>
      secondaryProblems({ a: {} }, { isTracked: true, labels: null, decoders: { a: decoder } })
        .length === 0;
    expect(Decoder.options.filter(isTaken)).toEqual(["classification", "reid"]);
  });

  it("are not judged by what is not known yet", () => {
    const said = { a: { labels: ["cat"], minScore: 0.6 } };
    const unknown = { isTracked: true, labels: null, decoders: {} };
    expect(secondaryProblems(said, unknown)).toEqual([]);
  });
});
