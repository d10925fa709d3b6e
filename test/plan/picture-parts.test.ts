import { expect, test } from "vitest";
import { pictureParts } from "../../fleet/plan/index.ts";
import { inferencesOf } from "../../fleet/plan/picture-parts.ts";

test.each([
  ["no camera", [], { average: 1, most: 1 }],
  ["one camera", [{ parts: 4 }], { average: 4, most: 4 }],
  ["of two of unknown rates, the mean", [{ parts: 4 }, { parts: 1 }], { average: 2.5, most: 4 }],
  [
    "a fast one counts more",
    [
      { parts: 4, fps: 10 },
      { parts: 1, fps: 20 },
    ],
    { average: 2, most: 4 },
  ],
  [
    "one of unknown rate counts as the others",
    [{ parts: 1, fps: 10 }, { parts: 1, fps: 20 }, { parts: 7 }],
    { average: 3, most: 7 },
  ],
])("parts of pictures: %s", (_what, cameras, expected) => {
  expect(pictureParts(cameras)).toEqual(expected);
});

test.each([
  [1, 1, 1],
  [4, 1, 4],
  [4, 4, 1],
  [5, 4, 2],
  [1, 8, 1],
])("%d parts by a model that takes %d at once are %d inferences", (most, batch, inferences) => {
  expect(inferencesOf({ average: 1, most }, batch)).toBe(inferences);
});
