import { expect, it } from "vitest";
import { readSimulatedBuild } from "../../../fleet/engine/index.ts";

it.each([
  ['{"seconds":90}\n', { seconds: 90 }],
  [null, null],
  ["", null],
  ['{"seconds":', null],
  ['{"seconds":0}', null],
  ['{"seconds":1e9}', null],
  ['{"seconds":9,"other":1}', null],
  ["\u0000".repeat(100_000), null],
])("%j makes a build last %o", (text, expected) => {
  expect(readSimulatedBuild(text)).toEqual(expected);
});
