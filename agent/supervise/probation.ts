import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { errorOf, type Judgement } from "./await-run.ts";

/** When a version that was put to work counts as good. */
export interface ProbationRules {
  /** It is watched for at least this long … */
  watchMs: number;
  /** … and must have delivered this many frames of its own, … */
  minFrames: number;
  /** … at no less than this share of the former one's frames per second … */
  minFpsShare: number;
  /** … by this time, else it is given up. */
  deadlineMs: number;
}

export interface ProbationFacts {
  pipeline: string;
  /** Since the runner was up and watched; 0 while it is not up. */
  elapsedMs: number;
  /** That this very version delivered since then. */
  frames: number;
  /** Null when it is not known. */
  formerFps: number | null;
  /** How long the runner, which is up, has been saying that the camera gives no picture; null when it does not. */
  noPictureMs: number | null;
  /** The runner ended by itself since this version was put to work. */
  crashed: boolean;
  error: ReportedError | null;
}

/** Only two things speak for a version: its own frames, and a runner that is up and has no picture to show it. */
export function judgeProbation(facts: ProbationFacts, rules: ProbationRules): Judgement {
  const { elapsedMs, frames, formerFps, pipeline, noPictureMs } = facts;
  if (facts.crashed) return crashError(facts);
  if (elapsedMs < rules.watchMs) return "wait";
  if (noPictureMs !== null && noPictureMs >= rules.watchMs) return "good";
  const fps = (frames * 1000) / elapsedMs;
  const wantedFps = (formerFps ?? 0) * rules.minFpsShare;
  if (frames >= rules.minFrames && fps >= wantedFps) return "good";
  if (elapsedMs < rules.deadlineMs || noPictureMs !== null) return "wait";
  const expected = `at least ${rules.minFrames} frames and ${wantedFps.toFixed(1)} frames per second`;
  const got = `${frames} frames and ${fps.toFixed(1)}`;
  return new FleetError(
    "PIPELINE_NOT_RUNNING",
    `Expected ${expected} but got ${got} in ${Math.round(elapsedMs)} ms while watching the new version of ${pipeline}`,
  );
}

function crashError({ error, pipeline }: ProbationFacts): FleetError {
  if (error !== null) return errorOf(error);
  return new FleetError("RUNNER_CRASHED", `The runner of ${pipeline} ended under its new version`);
}
