import { describe, expect, it } from "vitest";
import {
  judgeProbation,
  type ProbationFacts,
  type ProbationRules,
} from "../../../agent/supervise/probation.ts";
import { FleetError } from "../../../fleet/errors/index.ts";

const rules: ProbationRules = {
  watchMs: 3000,
  minFrames: 10,
  minFpsShare: 0.25,
  deadlineMs: 20_000,
};
const well: ProbationFacts = {
  pipeline: "entrance",
  elapsedMs: 3000,
  frames: 45,
  formerFps: 15,
  noPictureMs: null,
  crashed: false,
  error: null,
};
const late = { frames: 0, elapsedMs: 20_000 };
const error = { code: "RUNNER_CRASHED", message: "by SIGSEGV", hint: "h", atMs: 1 };

describe("a new version at work", () => {
  it.each([
    ["as fast as the former one", {}, "good"],
    ["but not watched long enough", { elapsedMs: 2999 }, "wait"],
    ["and slower, but not collapsed", { frames: 12 }, "good"],
    ["and collapsed, for now", { frames: 11 }, "wait"],
    ["and collapsed, and nobody knows how fast it was", { frames: 11, formerFps: null }, "good"],
    ["with too few frames, for now", { frames: 9, formerFps: null }, "wait"],
    ["while its runner says that the camera is away", { frames: 0, noPictureMs: 3000 }, "good"],
    ["while the camera was lost just now", { frames: 0, noPictureMs: 2999 }, "wait"],
    ["while the camera was lost at the end", { ...late, noPictureMs: 2999 }, "wait"],
    ["whose runner is not up", { frames: 0, elapsedMs: 0 }, "wait"],
    ["whose runner says nothing of the camera", { ...late }, "PIPELINE_NOT_RUNNING"],
    [
      "that ends its runner while the camera is away",
      { crashed: true, noPictureMs: 9000 },
      "RUNNER_CRASHED",
    ],
    ["collapsed for good", { elapsedMs: 20_000, frames: 74 }, "PIPELINE_NOT_RUNNING"],
    ["that delivers nothing", { elapsedMs: 20_000, frames: 0 }, "PIPELINE_NOT_RUNNING"],
    ["that ends its runner", { elapsedMs: 1, crashed: true, error }, "RUNNER_CRASHED"],
    ["that ended its runner, which is up again", { crashed: true }, "RUNNER_CRASHED"],
  ])("%s", (_what, change, expected) => {
    const judgement = judgeProbation({ ...well, ...change }, rules);
    expect(judgement instanceof FleetError ? judgement.code : judgement).toBe(expected);
  });

  it("that is given up is told with what was expected and what came", () => {
    const judgement = judgeProbation({ ...well, elapsedMs: 20_000, frames: 20 }, rules);
    expect(judgement).toMatchObject({
      message:
        "Expected at least 10 frames and 3.8 frames per second but got 20 frames and 1.0 in 20000 ms while watching the new version of entrance",
    });
  });
});
