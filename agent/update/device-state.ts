import { z } from "zod";
import { EnginePrune, EnginePruned } from "../../fleet/contract/index.ts";
import { emptyMemory, Memory } from "../../fleet/deploy/index.ts";
import { allModels } from "../../fleet/release/index.ts";
import { type ModelManifest, Name, PlanSummary } from "../../fleet/spec/index.ts";
import type { UpdateEvent } from "./machine.ts";
import {
  advance,
  NEW_PIPELINE,
  objectsOfRecord,
  PipelineRecord,
  versionsOf,
} from "./pipeline-record.ts";

/** 3 knows `building`; all else is as in 2. */
export const STATE_VERSION = 3;

/** An order to remove engines, and what became of it; null: nothing yet. */
export const PruneRecord = EnginePrune.extend({ done: EnginePruned.nullable() });
export type PruneRecord = z.infer<typeof PruneRecord>;

/** What the device remembers over restarts and power cuts. */
export const DeviceState = z.object({
  version: z.literal(STATE_VERSION),
  /** What it accepted so far, so that nothing older counts again. */
  memory: Memory,
  /** Newest generation that took a pipeline away; 0 when none did. */
  removedIn: z.number().int().nonnegative(),
  /** Base URL of the artifact store; null: the hub. */
  artifactUrl: z.string().nullable(),
  /** What was planned for the pipelines, by name; held against what is so, and not acted on. */
  plans: z.record(Name, PlanSummary).default({}),
  /** The last order to remove engines, on disk before it is followed. */
  prune: PruneRecord.nullable().default(null),
  /** By name: all that run, and all that are wanted. */
  pipelines: z.record(Name, PipelineRecord),
});
export type DeviceState = z.infer<typeof DeviceState>;

/** The state of a device that remembers nothing. `nonce` is random: it asks for a document of now. */
export function emptyState(nonce: string, formerGeneration = 0): DeviceState {
  return {
    version: STATE_VERSION,
    memory: emptyMemory(nonce, formerGeneration),
    removedIn: 0,
    artifactUrl: null,
    plans: {},
    prune: null,
    pipelines: {},
  };
}

/** Generation of the document in force, be it of the former contract; 0 when there is none. */
export function generationOf({ memory }: DeviceState): number {
  return memory.digest === null ? memory.formerGeneration : memory.generation;
}

/** The state after an event of one pipeline's update; the very same object when the event does nothing. */
export function withEvent(
  state: DeviceState,
  pipeline: string,
  event: UpdateEvent,
  fps: number | null,
  nowMs: number,
): DeviceState {
  const record = state.pipelines[pipeline] ?? NEW_PIPELINE;
  const next = advance(record, event, fps, nowMs);
  if (next === record) return state;
  return { ...state, pipelines: { ...state.pipelines, [pipeline]: next } };
}

/** Objects that something runs, or is about to run, or is to go back to. */
export function objectsInUse({ pipelines }: DeviceState): Set<string> {
  return new Set(Object.values(pipelines).flatMap(objectsOfRecord));
}

/** Models that something runs, or is about to run, or is to go back to. */
export function modelsInUse({ pipelines }: DeviceState): ModelManifest[] {
  return Object.values(pipelines).flatMap((record) => versionsOf(record).flatMap(allModels));
}

/** These objects, and what would be gone back to without the network. */
export function objectsKept(state: DeviceState): Set<string> {
  const previous = Object.values(state.pipelines).flatMap((record) => record.previousObjects);
  return new Set([...objectsInUse(state), ...previous]);
}

/** After a start of the agent: every update that was under way counts it, before anything runs. */
export function resumeAll(state: DeviceState, nowMs: number): DeviceState {
  return Object.keys(state.pipelines).reduce(
    (now, pipeline) => withEvent(now, pipeline, { type: "resumed" }, null, nowMs),
    state,
  );
}
