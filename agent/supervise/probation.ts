import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { errorOf, type Judgement } from "./await-run.ts";

/** When a model that was put to work counts as good. */
export interface ProbationRules {
  /** It is watched for at least this long … */
  watchMs: number;
  /** … and must have delivered this many frames, … */
  minFrames: number;
  /** … at no less than this share of the former one's frames per second … */
  minFpsShare: number;
  /** … by this time, else it is given up. */
  deadlineMs: number;
}

export interface ProbationFacts {
  pipeline: string;
  elapsedMs: number;
  /** Frames of the new model since the watch began. */
  frames: number;
  /** Null when it is not known. */
  formerFps: number | null;
  /** Without a source there is nothing to judge a model by. */
  sourcePlays: boolean;
  /** The runner ended by itself since the watch began. */
  crashed: boolean;
  error: ReportedError | null;
}

export function judgeProbation(facts: ProbationFacts, rules: ProbationRules): Judgement {
  const { elapsedMs, frames, formerFps, pipeline } = facts;
  if (facts.crashed) return crashError(facts);
  if (elapsedMs < rules.watchMs) return "wait";
  if (!facts.sourcePlays) return "good";
  const fps = (frames * 1000) / elapsedMs;
  const wantedFps = (formerFps ?? 0) * rules.minFpsShare;
  if (frames >= rules.minFrames && fps >= wantedFps) return "good";
  if (elapsedMs < rules.deadlineMs) return "wait";
  const expected = `at least ${rules.minFrames} frames and ${wantedFps.toFixed(1)} frames per second`;
  const got = `${frames} frames and ${fps.toFixed(1)}`;
  return new FleetError(
    "PIPELINE_NOT_RUNNING",
    `Expected ${expected} but got ${got} in ${elapsedMs} ms while watching the new model of ${pipeline}`,
  );
}

function crashError({ error, pipeline }: ProbationFacts): FleetError {
  if (error !== null) return errorOf(error);
  return new FleetError("RUNNER_CRASHED", `The runner of ${pipeline} ended under its new model`);
}
