import { z } from "zod";
import { Digest } from "../../fleet/spec/index.ts";
import { type DeviceState, emptyState } from "./device-state.ts";
import { isSame, NEW_PIPELINE, type PipelineRecord } from "./pipeline-record.ts";
import { PipelineVersion } from "./pipeline-version.ts";

/** State version 1, which had one update for all pipelines of the device. */
export const FormerState = z.object({
  version: z.literal(1),
  generation: z.number().int().nonnegative(),
  update: z.object({
    state: z.string(),
    generation: z.number().int().positive().optional(),
    sinceMs: z.number().nonnegative(),
    restore: z.array(PipelineVersion).optional(),
  }),
  active: z.array(PipelineVersion),
  before: z.array(PipelineVersion).nullable().default(null),
  previousObjects: z.array(Digest),
});
export type FormerState = z.infer<typeof FormerState>;

/**
 * What ran goes on running. A model that the former agent had put to work and not yet committed stays on trial, and
 * one that it was about to take back is taken back; what was not at work yet is asked for again by the next document.
 */
export function migrated(former: FormerState, nonce: string, nowMs: number): DeviceState {
  const pipelines = former.active.map((active) => [
    active.spec.name,
    recordOf(active, former, nowMs),
  ]);
  return {
    ...emptyState(nonce, former.generation),
    pipelines: Object.fromEntries(pipelines) as DeviceState["pipelines"],
  };
}

function recordOf(active: PipelineVersion, former: FormerState, nowMs: number): PipelineRecord {
  const { update, before, previousObjects, generation } = former;
  const ofThis = ({ spec }: PipelineVersion) => spec.name === active.spec.name;
  const record = { ...NEW_PIPELINE, previousObjects };
  const takenBack = update.state === "rolling-back" ? update.restore?.find(ofThis) : undefined;
  if (takenBack) return { ...record, active: takenBack };
  const proven = before?.find(ofThis);
  if (!proven || isSame(proven, active)) return { ...record, active };
  return {
    ...record,
    active,
    trial: { former: proven, formerFps: null },
    update: {
      state: "watching",
      target: { part: null, set: null, generation, version: active },
      resumes: 0,
      sinceMs: nowMs,
    },
  };
}
