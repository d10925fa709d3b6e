/**
 * The update of one pipeline, persisted before each action. Pipelines are updated independently of each other.
 *
 *   state         requested  kept       done         failed        resumed
 *   idle          fetching   committed  –            –             –
 *   fetching      fetching   committed  verifying    rolling-back  fetching +1
 *   verifying     fetching   committed  building     rolling-back  fetching +1
 *   building      fetching   committed  testing      rolling-back  fetching +1
 *   testing       fetching   committed  swapping     rolling-back  fetching +1
 *   swapping      –          –          watching     rolling-back  swapping +1
 *   watching      –          –          committed    rolling-back  watching +1
 *   committed     fetching   committed  –            –             –
 *   rolling-back  –          –          rolled-back  –             –
 *   rolled-back   fetching   committed  –            –             –
 *
 * `requested`: a version is wanted that is not the one at work. `kept`: what is wanted is what runs already.
 * `done`: the action of the state is done. – : the event does nothing; what is requested while a version is on trial
 * waits for the outcome (pipeline-record.ts), so that there is always one proven version to go back to. `+1` counts the
 * resumes after a restart of the agent; an update that is begun too often (a crash loop) is given up. What is on trial
 * when the power goes is watched on afterwards: only frames prove it. A build that is cut off begins anew, for half an
 * engine is none; one that is there already is found in no time.
 */
import { z } from "zod";
import { PartRef, ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { EpochMs } from "../../fleet/spec/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import { PipelineVersion } from "./pipeline-version.ts";

/** What is wanted of a pipeline. */
export const Target = z.object({
  /** The signed part that says so; null where a document of the former contract does. */
  part: PartRef.nullable(),
  /** The signed set that its model is from; null likewise. */
  set: PartRef.nullable(),
  /** Generation of the desired document that brought it. */
  generation: z.number().int().nonnegative(),
  version: PipelineVersion,
});
export type Target = z.infer<typeof Target>;

const Committed = Target.omit({ version: true }).extend({
  state: z.literal("committed"),
  sinceMs: EpochMs,
});

const Working = z.object({
  state: z.enum(["fetching", "verifying", "building", "testing", "swapping", "watching"]),
  target: Target,
  resumes: z.number().int().nonnegative(),
  sinceMs: EpochMs,
});
export type Working = z.infer<typeof Working>;

export const Update = z.discriminatedUnion("state", [
  z.object({ state: z.literal("idle"), sinceMs: EpochMs }),
  Working,
  Committed,
  z.object({
    state: z.enum(["rolling-back", "rolled-back"]),
    target: Target,
    error: ReportedError,
    sinceMs: EpochMs,
  }),
]);
export type Update = z.infer<typeof Update>;

export type UpdateEvent =
  | { type: "requested"; target: Target }
  | { type: "kept"; target: Target }
  | { type: "done" }
  | { type: "failed"; error: ReportedError }
  | { type: "resumed" };

/** An update that the agent did not survive this many times is given up. */
export const MAX_RESUMES = 10;

const NEXT = {
  fetching: "verifying",
  verifying: "building",
  building: "testing",
  testing: "swapping",
  swapping: "watching",
} as const;

/** The next state; the very same object when the event does nothing. */
export function transition(update: Update, event: UpdateEvent, nowMs: number): Update {
  if (event.type === "requested" || event.type === "kept") {
    if (isPinned(update)) return update;
    const { target } = event;
    if (event.type === "kept") return committed(target, nowMs);
    return { state: "fetching", target, resumes: 0, sinceMs: nowMs };
  }
  switch (update.state) {
    case "idle":
    case "committed":
    case "rolled-back":
      return update;
    case "rolling-back":
      return event.type === "done" ? { ...update, state: "rolled-back", sinceMs: nowMs } : update;
    default:
      return afterWork(update, event, nowMs);
  }
}

/** True of an update that goes on, and not back. */
export function isWorking(update: Update): update is Working {
  return "resumes" in update;
}

/** True when nothing is left to do. */
export function isSettled({ state }: Update): boolean {
  return state === "idle" || state === "committed" || state === "rolled-back";
}

/** True from the moment at which a version is put to work until it is proven or taken back: nothing else begins. */
export function isPinned({ state }: Update): boolean {
  return state === "swapping" || state === "watching" || state === "rolling-back";
}

/** What an update is for; null when it is settled well. */
export function targetOf(update: Update): Target | null {
  return "target" in update ? update.target : null;
}

type WorkEvent = Extract<UpdateEvent, { type: "done" | "failed" | "resumed" }>;

function afterWork(update: Working, event: WorkEvent, nowMs: number): Update {
  const { target } = update;
  switch (event.type) {
    case "done": {
      if (update.state !== "watching") {
        return { ...update, state: NEXT[update.state], sinceMs: nowMs };
      }
      return committed(target, nowMs);
    }
    case "failed":
      return { state: "rolling-back", target, error: event.error, sinceMs: nowMs };
    case "resumed": {
      const resumes = update.resumes + 1;
      const state = isPinned(update) ? update.state : "fetching";
      if (resumes <= MAX_RESUMES) return { ...update, state, resumes, sinceMs: nowMs };
      return { state: "rolling-back", target, error: loopError(target, nowMs), sinceMs: nowMs };
    }
  }
}

function committed({ part, set, generation }: Target, nowMs: number): Update {
  return { state: "committed", part, set, generation, sinceMs: nowMs };
}

function loopError({ version }: Target, nowMs: number): ReportedError {
  const message = `The update of ${version.spec.name} was begun ${MAX_RESUMES + 1} times and the agent ended each time before it was through`;
  return toReportedError(new FleetError("UPDATE_LOOP", message), "resuming an update", nowMs);
}
