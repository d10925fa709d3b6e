import type {
  EngineBuild,
  PipelineUpdate,
  ReportedError,
  ReportedPipeline,
} from "../../fleet/contract/index.ts";
import { rememberedPart } from "../../fleet/deploy/index.ts";
import type { Progress } from "../reconcile/downloads.ts";
import type { DeviceState } from "../update/device-state.ts";
import { isSettled, targetOf, type Update } from "../update/machine.ts";
import type { PipelineRecord } from "../update/pipeline-record.ts";
import { versionDigest } from "../update/pipeline-version.ts";

/** What is known of one pipeline apart from its record. */
export interface PipelineFacts {
  /** What its run says of itself; null when it has none. */
  run: ReportedPipeline | null;
  progress: Progress | null;
  /** The build of what is wanted; null when none is under way. */
  build: EngineBuild | null;
  /** Why nothing of it goes on; null when it does. */
  fault: ReportedError | null;
}

export type FactsOf = (pipeline: string, record: PipelineRecord) => PipelineFacts;

/** Every pipeline of which something runs or should run. */
export function reportPipelines({ pipelines }: DeviceState, factsOf: FactsOf): ReportedPipeline[] {
  return inOrder(pipelines).flatMap(([name, record]) => {
    const facts = factsOf(name, record);
    if (facts.run === null) return idlePipeline(name, record, facts) ?? [];
    return { ...facts.run, error: facts.run.error ?? obstacle(record, facts) };
  });
}

/** How far each pipeline is. `running`: names that have a run, also those that are wanted no more. */
export function reportUpdates(
  state: DeviceState,
  running: readonly string[],
  factsOf: FactsOf,
): PipelineUpdate[] {
  const rememberedOf = (name: string) =>
    rememberedPart(state.memory, "pipeline", name)?.number ?? null;
  const removing = running.filter((name) => state.pipelines[name] === undefined);
  return [
    ...inOrder(state.pipelines).map(([name, record]) => ({
      ...reportUpdate(name, record, factsOf(name, record)),
      remembered: rememberedOf(name),
    })),
    ...removing.map((pipeline) => ({
      ...{ pipeline, part: null, remembered: rememberedOf(pipeline) },
      ...{ state: "removing" as const, sinceMs: 0, error: null },
    })),
  ];
}

function reportUpdate(pipeline: string, record: PipelineRecord, facts: PipelineFacts) {
  const { refusal, update, next } = record;
  if (refusal !== null) {
    const { part, error, sinceMs } = refusal;
    return { pipeline, part, state: "refused" as const, sinceMs, error };
  }
  if (next !== null) {
    const { part } = next;
    return { pipeline, part, state: "waiting" as const, sinceMs: update.sinceMs, error: null };
  }
  const { progress } = facts;
  const isFetching = update.state === "fetching" && progress !== null;
  return {
    pipeline,
    part: targetOf(update)?.part ?? ("part" in update ? update.part : null),
    state: wordOf(update, record),
    sinceMs: update.sinceMs,
    ...(isFetching && {
      fetchedBytes: progress.fetchedBytes,
      totalBytes: progress.totalBytes,
    }),
    ...(update.state === "building" && facts.build && { build: facts.build }),
    error: obstacle(record, facts),
  };
}

/** An update that never was: what a former agent left at work counts as in force. */
function wordOf(update: Update, { active }: PipelineRecord) {
  if (update.state !== "idle") return update.state;
  return active === null ? ("waiting" as const) : ("committed" as const);
}

function idlePipeline(
  name: string,
  record: PipelineRecord,
  facts: PipelineFacts,
): ReportedPipeline | null {
  const { update, active } = record;
  const version = active ?? targetOf(update)?.version;
  if (!version) return null;
  const error = obstacle(record, facts);
  const stopped = error === null ? ("stopped" as const) : ("failed" as const);
  return {
    name,
    state: isSettled(update) ? stopped : "starting",
    sinceMs: update.sinceMs,
    model: { name: version.model.name, digest: version.model.digest },
    specDigest: versionDigest(version),
    restarts: 0,
    error,
  };
}

/** What is in the way of a pipeline, and of no other. */
function obstacle(
  { update, refusal }: PipelineRecord,
  { fault, progress }: PipelineFacts,
): ReportedError | null {
  const undone = "error" in update ? update.error : null;
  return fault ?? undone ?? refusal?.error ?? progress?.error ?? null;
}

function inOrder(pipelines: DeviceState["pipelines"]): [string, PipelineRecord][] {
  return Object.entries(pipelines).sort(([a], [b]) => (a < b ? -1 : 1));
}
