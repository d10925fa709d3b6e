import { expect, it } from "vitest";
import type { EngineNote } from "../../../agent/engine/engine-note.ts";
import { expectedBuildMs } from "../../../agent/engine/expected-time.ts";

const digest = `sha256:${"a".repeat(64)}`;
const built = (seconds: number, sizeBytes: number, accelerator = "cpu"): EngineNote => ({
  ...{ outcome: "built", key: "key", model: digest, accelerator, atMs: 1, seconds },
  ...{ digest, sizeBytes, origin: "built-here" },
});
const failed: EngineNote = {
  ...{ outcome: "unbuildable", key: "key", model: digest, accelerator: "cpu", atMs: 1 },
  ...{ seconds: 100, error: { code: "MODEL_INVALID", message: "no", hint: "", atMs: 1 } },
};

it.each([
  ["nothing was ever built", [], null],
  ["only a model failed", [failed], null],
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
