import { z } from "zod";
import { PartRef, ReportedError } from "../../fleet/contract/index.ts";
import { Digest, EpochMs } from "../../fleet/spec/index.ts";
import { isSettled, Target, targetOf, transition, Update, type UpdateEvent } from "./machine.ts";
import { objectsOf, PipelineVersion, versionDigest } from "./pipeline-version.ts";

/**
 * What the device remembers of one pipeline.
 *
 * INVARIANTS:
 * - `active` is what runs, or what is about to be put to work: after a power cut it is started.
 * - `trial` is set exactly while the update is `swapping` or `watching`.
 * - `next` is set only while the update is pinned, or at its end for as long as it takes to begin the next one.
 */
export const PipelineRecord = z.object({
  /** Null: nothing of it runs. */
  active: PipelineVersion.nullable(),
  trial: z
    .object({
      /** What to go back to; null when nothing ran before. */
      former: PipelineVersion.nullable(),
      /** Frames per second that the former one gave; null when they are not known. */
      formerFps: z.number().nonnegative().nullable(),
    })
    .nullable(),
  update: Update,
  /** Wanted since a version was put to work; it is begun when that one is proven or taken back. */
  next: Target.nullable(),
  /** Why the part that was last sent for it was not accepted; it stays as it is. Null when it was. */
  refusal: z
    .object({ part: PartRef.nullable(), error: ReportedError, sinceMs: EpochMs })
    .nullable(),
  /** Objects of the version before the active one, kept for going back without the network. */
  previousObjects: z.array(Digest),
});
export type PipelineRecord = z.infer<typeof PipelineRecord>;

export const NEW_PIPELINE: PipelineRecord = {
  active: null,
  trial: null,
  update: { state: "idle", sinceMs: 0 },
  next: null,
  refusal: null,
  previousObjects: [],
};

/**
 * The record after an event of its update, so that one write keeps all of it together; the very same object when the
 * event does nothing. `fps`: frames per second of what runs; null when they are not known.
 */
export function advance(
  record: PipelineRecord,
  event: UpdateEvent,
  fps: number | null,
  nowMs: number,
): PipelineRecord {
  const update = transition(record.update, event, nowMs);
  if (update === record.update) return record;
  const next = { ...record, update };
  if (event.type === "requested") return { ...next, next: null };
  // The same to act on, but perhaps with another budget.
  if (event.type === "kept") return { ...next, active: event.target.version, next: null };
  if (update.state === "swapping" && record.trial === null) {
    const { version } = update.target;
    const formerFps = hasSameSources(record.active, version) ? fps : null;
    return { ...next, active: version, trial: { former: record.active, formerFps } };
  }
  if (update.state === "rolling-back") return { ...next, ...undone(record) };
  if (isSettled(update)) return { ...next, trial: null, previousObjects: previousOf(record) };
  return next;
}

/** Of more or fewer sources, other figures come. */
function hasSameSources(from: PipelineVersion | null, to: PipelineVersion): boolean {
  if (from === null) return true;
  const names = ({ spec }: PipelineVersion) => Object.keys(spec.sources).sort().join(" ");
  return names(from) === names(to);
}

function undone({ active, trial }: PipelineRecord): Pick<PipelineRecord, "active" | "trial"> {
  return { active: trial ? trial.former : active, trial: null };
}

function previousOf({ trial, active, previousObjects }: PipelineRecord): string[] {
  const former = trial?.former ? objectsOf([trial.former]) : [];
  const isOther = active === null || former.join() !== objectsOf([active]).join();
  return former.length > 0 && isOther ? former : previousObjects;
}

export function isSame(a: PipelineVersion | null, b: PipelineVersion | null): boolean {
  if (a === null || b === null) return a === b;
  return a === b || versionDigest(a) === versionDigest(b);
}

/** Every object that this pipeline runs, is to run, or is to go back to. */
export function objectsOfRecord(record: PipelineRecord): string[] {
  return objectsOf(versionsOf(record));
}

/** Every version that this pipeline runs, is to run, or is to go back to. */
export function versionsOf({ active, trial, update, next }: PipelineRecord): PipelineVersion[] {
  const versions = [active, trial?.former, targetOf(update)?.version, next?.version];
  return versions.flatMap((version) => version ?? []);
}
