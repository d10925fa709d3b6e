import { asFleetError, type FleetError } from "../../fleet/errors/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { throwIfAborted } from "../update/backoff.ts";
import type { PipelineVersion, StateStore } from "../update/device-state.ts";
import type { Step } from "./plan.ts";

export interface SwapContext {
  store: StateStore;
  supervisor: Supervisor;
  signal: AbortSignal;
}

export interface SwapFailure {
  pipeline: string;
  error: FleetError;
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
  context.supervisor.clearRefusals();
  for (const step of steps) {
    throwIfAborted(context.signal);
    const failure = await swapOne(step, context);
    if (failure) failures.push(failure);
  }
  return failures;
}

async function swapOne(step: Step, context: SwapContext): Promise<SwapFailure | null> {
  switch (step.kind) {
    case "stop":
      await remember(context.store, step.name, null);
      await context.supervisor.stop(step.name);
      return null;
    case "start":
      return startNew(step.version, context);
    case "replace":
      return replace(step.to, context);
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

async function replace(to: PipelineVersion, context: SwapContext): Promise<SwapFailure | null> {
  const { store, supervisor, signal } = context;
  const failure = await attempt(to, signal, async () => {
    const candidate = await supervisor.prepare(to, signal);
    await remember(store, to.spec.name, to);
    await supervisor.takeOver(candidate);
  });
  if (failure) {
    const reported = toReportedError(failure.error, "replacing a pipeline");
    supervisor.noteRefusal(to.spec.name, reported);
  }
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
