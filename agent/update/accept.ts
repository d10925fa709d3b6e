import type { EnginePrune } from "../../fleet/contract/index.ts";
import type { Accepted, RefusedPipeline, WantedPipeline } from "../../fleet/deploy/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { DeviceState } from "./device-state.ts";
import { isPinned, isWorking, type Target } from "./machine.ts";
import { advance, isSame, NEW_PIPELINE, type PipelineRecord } from "./pipeline-record.ts";
import type { PipelineVersion } from "./pipeline-version.ts";

/**
 * The state once a document is accepted: what it remembers, and of each pipeline whether something else is wanted.
 * A pipeline of which nothing changed is left alone, whatever it is doing; one that is refused stays as it is; one that
 * is not named any more is gone, and its run ends afterwards.
 */
export function accept(
  state: DeviceState,
  { desired, memory, pipelines: wanted, refused }: Accepted,
  nowMs: number,
): DeviceState {
  const { generation, artifactUrl = null, prune, plans = {} } = desired;
  const recordOf = (name: string) => state.pipelines[name] ?? NEW_PIPELINE;
  const records = new Map<string, PipelineRecord>();
  for (const one of wanted) {
    const { name } = one.spec;
    const record = { ...recordOf(name), refusal: null };
    records.set(name, want(record, targetFrom(one, generation), nowMs));
  }
  for (const one of refused) {
    records.set(one.pipeline, refuse(recordOf(one.pipeline), one, nowMs));
  }
  const isRemoved = Object.keys(state.pipelines).some((name) => !records.has(name));
  return {
    ...state,
    memory,
    artifactUrl,
    plans,
    prune: prune && isNew(prune, state.prune) ? { ...prune, done: null } : state.prune,
    removedIn: isRemoved ? generation : state.removedIn,
    pipelines: Object.fromEntries(records),
  };
}

/** An order is followed once, though every document repeats it. */
function isNew({ number }: EnginePrune, known: DeviceState["prune"]): boolean {
  return number > (known?.number ?? 0);
}

function targetFrom(wanted: WantedPipeline, generation: number): Target {
  const { spec, model, secondaryModels, part, set } = wanted;
  const version = { spec, model, ...(secondaryModels && { secondaryModels }) };
  return { part, set, generation, version };
}

function want(record: PipelineRecord, target: Target, nowMs: number): PipelineRecord {
  const { update, next, active } = record;
  // What is under way is what is wanted, be it for the first time or again.
  if (isKnown(record, target)) return next === null ? record : { ...record, next: null };
  if (isWorking(update) && isSame(update.target.version, target.version)) {
    // Signed anew, but the very same version: the work goes on under its new number.
    const atWork = record.trial && { active: target.version };
    return { ...record, update: { ...update, target }, ...atWork, next: null };
  }
  if (isPinned(update)) return next && isPart(next, target) ? record : { ...record, next: target };
  const isAtWork = active !== null && isSame(active, target.version);
  return advance(record, { type: isAtWork ? "kept" : "requested", target }, null, nowMs);
}

/** Whether this very part is what the record is, was, or tries to be at. */
function isKnown({ update, active }: PipelineRecord, { part, version }: Target): boolean {
  if (update.state === "idle") return false;
  if (update.state !== "committed") return isPart(update.target, { part, version });
  return isPart({ part: update.part, version: active }, { part, version });
}

/** Documents of the former contract have no parts: there, the same version is the same. */
function isPart(known: Known, wanted: Known): boolean {
  if (known.part === null && wanted.part === null) return isSame(known.version, wanted.version);
  return known.part?.digest === wanted.part?.digest;
}

interface Known {
  part: Target["part"];
  version: PipelineVersion | null;
}

function refuse(
  record: PipelineRecord,
  { part, error }: RefusedPipeline,
  nowMs: number,
): PipelineRecord {
  const known = record.refusal;
  if (known && known.part?.digest === part?.digest && known.error.code === error.code)
    return record;
  const reported = toReportedError(error, "judging a part", nowMs);
  return { ...record, refusal: { part, error: reported, sinceMs: nowMs } };
}
