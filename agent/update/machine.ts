/**
 * The update procedure of one generation, persisted before each action.
 *
 *   state         accepted   done         failed         resumed
 *   idle          fetching   –            –              –
 *   fetching      fetching   verifying    rolling-back   fetching +1
 *   verifying     fetching   testing      rolling-back   fetching +1
 *   testing       fetching   swapping     rolling-back   fetching +1
 *   swapping      fetching   watching     rolling-back   fetching +1
 *   watching      fetching   committed    rolling-back   fetching +1
 *   committed     fetching   –            –              –
 *   rolling-back  fetching   rolled-back  –              –
 *   rolled-back   fetching   –            –              –
 *
 * `done`: the action of the state is done. – : the event does nothing. After a restart the work begins again at
 * `fetching`: what is on disk decides what is left of it, so a crash between two writes has one meaning. `+1` counts
 * the resumes; an update that is begun too often (a crash loop) is given up. `building` has no row: the reference
 * backend runs models as they are.
 */
import { z } from "zod";
import { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { EpochMs } from "../../fleet/spec/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import { PipelineVersion } from "./pipeline-version.ts";

const NEXT = {
  fetching: "verifying",
  verifying: "testing",
  testing: "swapping",
  swapping: "watching",
  watching: "committed",
} as const;

const generation = z.number().int().positive();

const Working = z.object({
  state: z.enum(["fetching", "verifying", "testing", "swapping", "watching"]),
  generation,
  resumes: z.number().int().nonnegative(),
  sinceMs: EpochMs,
});
type Working = z.infer<typeof Working>;

export const Update = z.discriminatedUnion("state", [
  z.object({ state: z.literal("idle"), sinceMs: EpochMs }),
  Working,
  z.object({ state: z.literal("committed"), generation, sinceMs: EpochMs }),
  z.object({
    state: z.literal("rolling-back"),
    generation,
    error: ReportedError,
    /** Versions to go back to, of pipelines whose new one did not prove itself. */
    restore: z.array(PipelineVersion).default([]),
    sinceMs: EpochMs,
  }),
  z.object({
    state: z.literal("rolled-back"),
    generation,
    error: ReportedError,
    sinceMs: EpochMs,
  }),
]);
export type Update = z.infer<typeof Update>;

export type UpdateEvent =
  | { type: "accepted"; generation: number }
  | { type: "done" }
  | { type: "failed"; error: ReportedError; restore: PipelineVersion[] }
  /** `before`: what ran before the update began to swap. */
  | { type: "resumed"; before: PipelineVersion[] };

/** An update that the agent did not survive this many times is given up. */
export const MAX_RESUMES = 10;

/** The next state; the very same object when the event does nothing. */
export function transition(update: Update, event: UpdateEvent, nowMs: number): Update {
  if (event.type === "accepted") {
    return { state: "fetching", generation: event.generation, resumes: 0, sinceMs: nowMs };
  }
  switch (update.state) {
    case "idle":
    case "committed":
    case "rolled-back":
      return update;
    case "rolling-back": {
      const { generation, error } = update;
      if (event.type !== "done") return update;
      return { state: "rolled-back", generation, error, sinceMs: nowMs };
    }
    default:
      return afterWork(update, event, nowMs);
  }
}

/** True when nothing is left to do for the generation. */
export function isSettled(update: Update): boolean {
  return update.state === "idle" || update.state === "committed" || update.state === "rolled-back";
}

type WorkEvent = Exclude<UpdateEvent, { type: "accepted" }>;

function afterWork(update: Working, event: WorkEvent, nowMs: number): Update {
  switch (event.type) {
    case "done": {
      const state = NEXT[update.state];
      if (state !== "committed") return { ...update, state, sinceMs: nowMs };
      return { state, generation: update.generation, sinceMs: nowMs };
    }
    case "failed":
      return rollingBack(update, event.error, event.restore, nowMs);
    case "resumed": {
      const resumes = update.resumes + 1;
      if (resumes <= MAX_RESUMES) return { ...update, state: "fetching", resumes, sinceMs: nowMs };
      return rollingBack(update, loopError(update, nowMs), event.before, nowMs);
    }
  }
}

function rollingBack(
  { generation }: Working,
  error: ReportedError,
  restore: PipelineVersion[],
  nowMs: number,
): Update {
  return { state: "rolling-back", generation, error, restore, sinceMs: nowMs };
}

function loopError(update: Working, nowMs: number): ReportedError {
  const message = `Generation ${update.generation} was begun ${MAX_RESUMES + 1} times and the agent ended each time before it was through`;
  return toReportedError(new FleetError("UPDATE_LOOP", message), "resuming an update", nowMs);
}
