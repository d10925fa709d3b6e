import { expect, it } from "vitest";
import { expectedBuildMs } from "../../../fleet/engine/index.ts";

const built = (seconds: number, sizeBytes: number, accelerator = "cpu") => ({
  ...{ outcome: "built", accelerator, seconds, sizeBytes, origin: "built-here" },
});
const failed = { outcome: "unbuildable", accelerator: "cpu", seconds: 100 };
const fetched = { ...built(1, 1000), origin: "fetched" };

it.each([
  ["nothing was ever built", [], null],
  ["only a model failed", [failed], null],
  ["one came from another device", [fetched], null],
  ["another accelerator's alone", [built(9, 1000, "gpu")], null],
  ["one of the same size: half to twice its time", [built(9, 1000)], { low: 4500, high: 18_000 }],
  ["one twice as large: half of that", [built(9, 2000)], { low: 2250, high: 9000 }],
  [
    "from the fastest to the slowest",
    [built(4, 1000), built(10, 1000)],
    { low: 2000, high: 20_000 },
  ],
] as const)("what a build of 1,000 bytes takes where %s", (_, notes, expected) => {
  expect(expectedBuildMs(1000, "cpu", notes)).toEqual(expected);
});
