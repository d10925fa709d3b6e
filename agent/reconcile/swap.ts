import type { NewEvent } from "../report/event-journal.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { isSame } from "../update/pipeline-record.ts";
import { isModelChange, type PipelineVersion, sourcesBetween } from "../update/pipeline-version.ts";
import { modelSwapped } from "./model-swapped.ts";
import { sourcesChanged } from "./sources-changed.ts";

export interface SwapContext {
  supervisor: Supervisor;
  signal: AbortSignal;
  onEvent: (event: NewEvent) => void;
}

/** What it takes to get from the version that runs to another one. */
export type Change =
  | "none"
  /** Nothing runs yet. */
  | "start"
  /** Another model in the same pipeline: it is exchanged between two frames. */
  | "swap-model"
  /** Some sources come or go, one stays: they do so in the running pipeline. */
  | "change-sources"
  /** All sources are others, or the tracker is: the new version is started beside the running one. */
  | "replace";

export function changeBetween(from: PipelineVersion | null, to: PipelineVersion): Change {
  if (from === null) return "start";
  if (isSame(from, to)) return "none";
  if (isModelChange(from, to)) return "swap-model";
  return sourcesBetween(from, to) === null ? "replace" : "change-sources";
}

/**
 * Puts a version to work, which is on disk as the active one already. When this throws, what ran before runs on, or
 * the new version is kept alive and does not get up.
 */
export async function putToWork(
  pipeline: string,
  to: PipelineVersion,
  { supervisor, signal, onEvent }: SwapContext,
): Promise<void> {
  const from = supervisor.versionOf(pipeline);
  const change = changeBetween(from, to);
  if (change === "none") return;
  if (from === null) return supervisor.loaded(supervisor.start(to), signal);
  if (change === "swap-model" && supervisor.canSwapModel(to)) {
    onEvent(modelSwapped(from, to, await supervisor.swapModel(to)));
    return;
  }
  if (change === "change-sources" && supervisor.canChangeSources(to)) {
    onEvent(sourcesChanged(to, await supervisor.changeSources(to)));
    return;
  }
  await supervisor.takeOver(await supervisor.prepare(to, signal));
}

/** Makes a pipeline run a version that is known to be good, or nothing. */
export async function makeRun(
  pipeline: string,
  to: PipelineVersion | null,
  { supervisor, onEvent }: Pick<SwapContext, "supervisor" | "onEvent">,
): Promise<void> {
  const from = supervisor.versionOf(pipeline);
  if (to === null) {
    if (from !== null) await supervisor.stop(pipeline);
  } else if (from === null) {
    supervisor.start(to);
  } else if (!isSame(from, to)) {
    const swap = await supervisor.restore(to);
    if (swap !== null) onEvent(modelSwapped(from, to, swap));
  }
}
