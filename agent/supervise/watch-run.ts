import { performance } from "node:perf_hooks";
import { awaitRun } from "./await-run.ts";
import type { PipelineRun } from "./pipeline-run.ts";
import { judgeProbation, type ProbationRules } from "./probation.ts";

/** Watches a version at work, by a clock that nobody sets; throws when it does not prove itself. */
export async function watchRun(
  run: PipelineRun,
  formerFps: number | null,
  rules: ProbationRules,
  signal: AbortSignal,
): Promise<void> {
  /** When the runner was first seen up, and how many frames the version had delivered by then. */
  let up: { atMs: number; frames: number } | null = null;
  let noPictureSinceMs: number | null = null;
  const judge = () => {
    const nowMs = performance.now();
    const { facts, tally } = run;
    if (facts.started) up ??= { atMs: nowMs, frames: tally.frames };
    noPictureSinceMs = facts.started && facts.noPicture ? (noPictureSinceMs ?? nowMs) : null;
    return judgeProbation(
      {
        pipeline: run.name,
        elapsedMs: up ? nowMs - up.atMs : 0,
        frames: up ? tally.frames - up.frames : 0,
        formerFps,
        noPictureMs: noPictureSinceMs === null ? null : nowMs - noPictureSinceMs,
        crashed: tally.crashes > 0,
        error: facts.error,
      },
      rules,
    );
  };
  await awaitRun(run, judge, signal);
}
