import { asFleetError, type FleetError } from "../../fleet/errors/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import type { StateStore } from "../update/device-state.ts";
import { type PipelineVersion, versionDigest } from "../update/pipeline-version.ts";
import { modelSwapped } from "./model-swapped.ts";
import { type Exchange, isExchange, type Step } from "./plan.ts";

export interface SwapContext {
  store: StateStore;
  supervisor: Supervisor;
  signal: AbortSignal;
  onEvent: (event: NewEvent) => void;
}

export interface SwapFailure {
  pipeline: string;
  error: FleetError;
}

/** Tries the new models of the steps before any frame meets them. Says which pipelines must keep what they have. */
export async function testModels(
  steps: readonly Step[],
  { supervisor, signal }: SwapContext,
): Promise<SwapFailure[]> {
  const failures: SwapFailure[] = [];
  for (const { to } of steps.filter(isExchange)) {
    const failure = await attempt(to, signal, () => supervisor.test(to, signal));
    if (failure) failures.push(refuse(failure, supervisor));
  }
  return failures;
}

/**
 * Performs the pipeline steps of a plan. Each pipeline succeeds or fails by itself: one whose new version fails
 * keeps its former one, and the others go on. Which versions are active is on disk before a former one is ended.
 */
export async function swapPipelines(
  steps: readonly Step[],
  context: SwapContext,
): Promise<SwapFailure[]> {
  const failures: SwapFailure[] = [];
  for (const step of steps) {
    throwIfAborted(context.signal);
    const failure = await swapOne(step, context);
    if (failure) failures.push(failure);
  }
  return failures;
}

/** Watches versions that came in the place of others; fails for those that do not prove themselves. */
export async function proveVersions(
  pipelines: readonly string[],
  { supervisor, signal }: SwapContext,
): Promise<SwapFailure[]> {
  const proofs = pipelines.map(async (pipeline) => {
    try {
      await supervisor.prove(pipeline, signal);
      return [];
    } catch (error) {
      throwIfAborted(signal);
      return [{ pipeline, error: asFleetError(error, `watching pipeline ${pipeline}`) }];
    }
  });
  return (await Promise.all(proofs)).flat();
}

/** Goes back to versions that ran before. */
export async function restoreVersions(
  versions: readonly PipelineVersion[],
  { store, supervisor, onEvent }: SwapContext,
): Promise<void> {
  for (const to of versions) {
    const from = supervisor.versions.find(({ spec }) => spec.name === to.spec.name);
    if (from && versionDigest(from) === versionDigest(to)) continue;
    // On disk first: if this ends in a power cut, what runs afterwards is the good one.
    await remember(store, to.spec.name, to);
    const swap = await supervisor.restore(to);
    if (from && swap) onEvent(modelSwapped(from, to, swap));
  }
}

async function swapOne(step: Step, context: SwapContext): Promise<SwapFailure | null> {
  switch (step.kind) {
    case "stop":
      await remember(context.store, step.name, null);
      await context.supervisor.stop(step.name);
      return null;
    case "start":
      return startNew(step.version, context);
    case "swap-model":
    case "replace":
      return exchange(step, context);
    default:
      return null;
  }
}

/**
 * A pipeline that was not there before has nothing to protect: it stays in force even when its first start fails,
 * and its runner is tried again, because what is missing (a driver, a file) may be mended on the board.
 */
async function startNew(version: PipelineVersion, context: SwapContext) {
  const { store, supervisor, signal } = context;
  await remember(store, version.spec.name, version);
  const run = supervisor.start(version);
  return attempt(version, signal, () => supervisor.loaded(run, signal));
}

async function exchange(step: Exchange, context: SwapContext): Promise<SwapFailure | null> {
  const { supervisor, signal } = context;
  const failure = await attempt(step.to, signal, () =>
    step.kind === "swap-model" && supervisor.canSwapModel(step.to)
      ? swapModel(step, context)
      : replace(step, context),
  );
  return failure && refuse(failure, supervisor);
}

/** What a power cut leaves between the two lines is the former version, whose update begins anew. */
async function swapModel({ from, to }: Exchange, { store, supervisor, onEvent }: SwapContext) {
  const swap = await supervisor.swapModel(to);
  await remember(store, to.spec.name, to);
  onEvent(modelSwapped(from, to, swap));
}

async function replace({ to }: Exchange, { store, supervisor, signal }: SwapContext) {
  const candidate = await supervisor.prepare(to, signal);
  await remember(store, to.spec.name, to);
  await supervisor.takeOver(candidate);
}

function refuse(failure: SwapFailure, supervisor: Supervisor): SwapFailure {
  const reported = toReportedError(failure.error, "replacing a pipeline");
  supervisor.noteRefusal(failure.pipeline, reported);
  return failure;
}

async function attempt(
  version: PipelineVersion,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<SwapFailure | null> {
  try {
    await action();
    return null;
  } catch (error) {
    throwIfAborted(signal);
    const pipeline = version.spec.name;
    return { pipeline, error: asFleetError(error, `starting pipeline ${pipeline}`) };
  }
}

/** Writes which version of a pipeline is to run after a restart. */
async function remember(store: StateStore, pipeline: string, version: PipelineVersion | null) {
  await store.save((state) => {
    const others = state.active.filter(({ spec }) => spec.name !== pipeline);
    const active = version === null ? others : [...others, version];
    const sorted = active.sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
    return { ...state, active: sorted };
  });
}
