import {
  type BoardFacts,
  CONTRACT_VERSION,
  type EngineBuild,
  type Reported,
  type ReportedError,
} from "../../fleet/contract/index.ts";
import { allModels } from "../../fleet/release/index.ts";
import type { Labels } from "../../fleet/spec/index.ts";
import type { Engines } from "../engine/engines.ts";
import type { Downloads } from "../reconcile/downloads.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { type DeviceState, generationOf } from "../update/device-state.ts";
import { targetOf } from "../update/machine.ts";
import { overallUpdate } from "../update/overall.ts";
import type { PipelineRecord } from "../update/pipeline-record.ts";
import { AGENT_VERSION } from "../version.ts";
import { type FactsOf, reportPipelines, reportUpdates } from "./report-pipelines.ts";

export interface DeviceFacts {
  device: string;
  labels: Labels;
  bootId: string;
  board: BoardFacts;
  state: DeviceState;
  journal: Reported["journal"];
  supervisor: Supervisor;
  downloads: Downloads;
  engines: Pick<Engines, "building" | "list">;
  engineHosts: Record<string, string>;
  engineQuotaBytes: number;
  faultOf: (pipeline: string) => ReportedError | null;
  /** Why the last document is not in force. */
  error: ReportedError | null;
}

/** All that the device says of itself at this moment. */
export function reportDevice(facts: DeviceFacts): Reported {
  const { device, labels, bootId, board, state, supervisor, downloads, error } = facts;
  const { memory } = state;
  const factsOf: FactsOf = (name, record) => ({
    run: supervisor.report(name),
    progress: downloads.progress(objectsWanted(record)),
    build: buildOf(record, facts),
    fault: facts.faultOf(name),
  });
  const update = overallUpdate(state);
  const total = update.state === "fetching" ? downloads.total : null;
  return {
    contract: CONTRACT_VERSION,
    reads: [CONTRACT_VERSION],
    ...{ device, agentVersion: AGENT_VERSION, bootId, atMs: Date.now() },
    generation: generationOf(state),
    ...(memory.roles && { roles: memory.roles }),
    ...(memory.asks !== null && { asks: memory.asks }),
    update: {
      ...update,
      ...(total && { fetchedBytes: total.fetchedBytes, totalBytes: total.totalBytes }),
    },
    updates: reportUpdates(state, supervisor.pipelines, factsOf),
    setDigest: setOf(state),
    labels,
    board,
    ...(facts.journal && { journal: facts.journal }),
    pipelines: reportPipelines(state, factsOf),
    engines: facts.engines.list(),
    engineHosts: facts.engineHosts,
    engineQuotaBytes: facts.engineQuotaBytes,
    pruned: state.prune?.done ?? null,
    error,
  };
}

function objectsWanted({ update }: PipelineRecord) {
  const target = targetOf(update);
  return target ? allModels(target.version) : [];
}

/** Of several models the one that is built: they are in turn. */
function buildOf(record: PipelineRecord, { engines }: DeviceFacts): EngineBuild | null {
  const builds = objectsWanted(record).map(({ digest }) => engines.building(digest));
  return builds.find((build) => build !== null) ?? null;
}

/** The set that all pipelines in force are of; null when they are of several, or of none that was signed. */
function setOf({ pipelines }: DeviceState): string | null {
  const sets = Object.values(pipelines).flatMap(({ update }) =>
    update.state === "committed" && update.set !== null ? update.set.digest : [],
  );
  const [first, ...others] = new Set(sets);
  return first !== undefined && others.length === 0 ? first : null;
}
