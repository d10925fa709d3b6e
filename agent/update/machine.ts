/**
 * The update procedure of one generation, persisted before each action.
 *
 *   state         accepted   fetched     verified   swapped     failed         restored      resumed
 *   idle          fetching   –           –          –           –              –             –
 *   fetching      fetching   verifying   –          –           rolling-back   –             fetching +1
 *   verifying     fetching   –           swapping   –           rolling-back   –             fetching +1
 *   swapping      fetching   –           –          committed   rolling-back   –             fetching +1
 *   committed     fetching   –           –          –           –              –             –
 *   rolling-back  fetching   –           –          –           –              rolled-back   rolling-back
 *   rolled-back   fetching   –           –          –           –              –             –
 *
 * – : the event does nothing. After a restart the work begins again at `fetching`: what is on disk decides
 * what is left of it, so a crash between two writes has one meaning. `+1` counts the resumes; an update that
 * is begun too often (a crash loop) is given up.
 */
import { z } from "zod";
import { ReportedError } from "../../fleet/contract/index.ts";
import { EpochMs } from "../../fleet/spec/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import { FleetError } from "../../fleet/errors/index.ts";

const generation = z.number().int().positive();
const resumes = z.number().int().nonnegative();

export const Update = z.discriminatedUnion("state", [
  z.object({ state: z.literal("idle"), sinceMs: EpochMs }),
  z.object({ state: z.literal("fetching"), generation, resumes, sinceMs: EpochMs }),
  z.object({ state: z.literal("verifying"), generation, resumes, sinceMs: EpochMs }),
  z.object({ state: z.literal("swapping"), generation, resumes, sinceMs: EpochMs }),
  z.object({ state: z.literal("committed"), generation, sinceMs: EpochMs }),
  z.object({
    state: z.literal("rolling-back"),
    generation,
    error: ReportedError,
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
  | { type: "fetched" }
  | { type: "verified" }
  | { type: "swapped" }
  | { type: "failed"; error: ReportedError }
  | { type: "restored" }
  | { type: "resumed" };

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
    case "rolling-back":
      return event.type === "restored"
        ? { ...update, state: "rolled-back", sinceMs: nowMs }
        : update;
    case "fetching":
      if (event.type === "fetched") return { ...update, state: "verifying", sinceMs: nowMs };
      return failedOrResumed(update, event, nowMs);
    case "verifying":
      if (event.type === "verified") return { ...update, state: "swapping", sinceMs: nowMs };
      return failedOrResumed(update, event, nowMs);
    case "swapping":
      if (event.type === "swapped") {
        return { state: "committed", generation: update.generation, sinceMs: nowMs };
      }
      return failedOrResumed(update, event, nowMs);
  }
}

/** True when nothing is left to do for the generation. */
export function isSettled(update: Update): boolean {
  return update.state === "idle" || update.state === "committed" || update.state === "rolled-back";
}

type Working = Extract<Update, { resumes: number }>;

function failedOrResumed(update: Working, event: UpdateEvent, nowMs: number): Update {
  if (event.type === "failed") return rollingBack(update, event.error, nowMs);
  if (event.type !== "resumed") return update;
  const count = update.resumes + 1;
  if (count > MAX_RESUMES) return rollingBack(update, loopError(update, nowMs), nowMs);
  return { ...update, state: "fetching", resumes: count, sinceMs: nowMs };
}

function rollingBack(update: Working, error: ReportedError, nowMs: number): Update {
  return { state: "rolling-back", generation: update.generation, error, sinceMs: nowMs };
}

function loopError(update: Working, nowMs: number): ReportedError {
  const message = `Generation ${update.generation} was begun ${MAX_RESUMES + 1} times and the agent ended each time before it was through`;
  return toReportedError(new FleetError("UPDATE_LOOP", message), "resuming an update", nowMs);
}
