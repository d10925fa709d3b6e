import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { toReportedError } from "../report/reported-error.ts";
import { previousObjects } from "../update/advance.ts";
import type { Update, UpdateEvent } from "../update/machine.ts";
import { objectsOf, type PipelineVersion, versionDigest } from "../update/pipeline-version.ts";
import { type Actual, isExchange, isPipelineStep, pipelineOf, plan, type Step } from "./plan.ts";
import type { ReconcilerOptions, Target } from "./reconciler.ts";
import {
  proveVersions,
  restoreVersions,
  type SwapContext,
  type SwapFailure,
  swapPipelines,
  testModels,
} from "./swap.ts";

/** What is done in each state of an update. Keeps nothing that is needed after a power cut. */
export class UpdateActions {
  readonly #options: ReconcilerOptions;
  #receivedBytes = 0;
  /** Why pipelines do not get their new version, from the test on. */
  #failures = new Map<string, ReportedError>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Bytes that the last `fetching` brought over the network. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** The action of the present state; what happened is the answer, never an exception but CANCELLED. */
  async act(target: Target, signal: AbortSignal): Promise<UpdateEvent> {
    const { update } = this.#options.store.current;
    try {
      switch (update.state) {
        case "fetching":
          await this.#fetch(target, signal);
          return { type: "done" };
        case "verifying":
          await this.#verify(target);
          return { type: "done" };
        case "testing":
          return await this.#test(target, signal);
        case "swapping":
          return await this.#swap(target, signal);
        case "watching":
          return await this.#watch(target, signal);
        case "rolling-back":
          await this.#restore(target, update, signal);
          return { type: "done" };
        default:
          return { type: "done" };
      }
    } catch (error) {
      if (signal.aborted) throw new FleetError("CANCELLED", "Superseded or stopped");
      if (update.state === "rolling-back") {
        // Nothing is left to fall back on: what runs is kept alive as it is.
        this.#options.log.error("rolling back is not complete", error);
        return { type: "done" };
      }
      return failed(toReportedError(error, `being in state ${update.state}`));
    }
  }

  async #fetch(target: Target, signal: AbortSignal): Promise<void> {
    const { fetcher, store, supervisor } = this.#options;
    const steps = (await this.#plan(target)).filter(isFetch);
    const before = store.current.before ?? [];
    const keep = [target.versions, supervisor.versions, before].flatMap(objectsOf);
    this.#receivedBytes = await fetcher.fetchAll(steps, target.artifactUrl, keep, signal);
  }

  /** Reads every object anew from disk before a pipeline is given it. */
  async #verify(target: Target): Promise<void> {
    const { objects } = this.#options;
    for (const step of await this.#plan(target)) {
      if (step.kind !== "verify") continue;
      objects.distrust(step.digest);
      if (await objects.verify(step.digest)) continue;
      throw new FleetError("ARTIFACT_DIGEST", `${step.digest} was spoilt on disk and is removed`);
    }
  }

  /** Pipelines whose new model fails its test keep what they have; the others go on to the swap. */
  async #test(target: Target, signal: AbortSignal): Promise<UpdateEvent> {
    const { supervisor } = this.#options;
    supervisor.clearRefusals();
    this.#failures = new Map();
    const steps = await this.#plan(target);
    this.#note(await testModels(steps, this.#swapContext(signal)));
    const isLeft = (step: Step) => isPipelineStep(step) && !this.#failures.has(pipelineOf(step));
    return this.#failures.size > 0 && !steps.some(isLeft) ? this.#failure([]) : { type: "done" };
  }

  async #swap(target: Target, signal: AbortSignal): Promise<UpdateEvent> {
    const steps = (await this.#plan(target)).filter(isPipelineStep);
    const left = steps.filter((step) => !this.#failures.has(pipelineOf(step)));
    this.#note(await swapPipelines(left, this.#swapContext(signal)));
    const isNothingToWatch = this.#onProbation().length === 0;
    return this.#failures.size > 0 && isNothingToWatch ? this.#failure([]) : { type: "done" };
  }

  async #watch(target: Target, signal: AbortSignal): Promise<UpdateEvent> {
    const names = this.#onProbation().map(({ spec }) => spec.name);
    const failures = await proveVersions(names, this.#swapContext(signal));
    this.#note(failures);
    const isFailed = ({ spec }: PipelineVersion) =>
      failures.some(({ pipeline }) => pipeline === spec.name);
    if (this.#failures.size > 0) {
      return this.#failure((this.#options.store.current.before ?? []).filter(isFailed));
    }
    await this.#removeUnused(target);
    return { type: "done" };
  }

  /** Puts back what has to be, and says on each pipeline that is not what was wanted why that is so. */
  async #restore(
    target: Target,
    { restore, error }: Extract<Update, { state: "rolling-back" }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { supervisor } = this.#options;
    await restoreVersions(restore, this.#swapContext(signal));
    for (const step of (await this.#plan(target)).filter(isExchange)) {
      const { name } = step.to.spec;
      supervisor.noteRefusal(name, this.#failures.get(name) ?? error);
    }
    await this.#removeUnused(target);
  }

  /** What ran in the place of a version of this update before it began to swap. */
  #onProbation(): PipelineVersion[] {
    const running = new Map(this.#options.store.current.active.map((v) => [v.spec.name, v]));
    return (this.#options.store.current.before ?? []).filter((former) => {
      const now = running.get(former.spec.name);
      return now !== undefined && versionDigest(now) !== versionDigest(former);
    });
  }

  #note(failures: readonly SwapFailure[]): void {
    for (const { pipeline, error } of failures) {
      const reported = toReportedError(error, "replacing a pipeline");
      this.#failures.set(pipeline, reported);
      this.#options.onEvent({
        kind: "pipeline-refused",
        pipeline,
        message: `${reported.code}: ${reported.message}`,
      });
    }
  }

  #failure(restore: PipelineVersion[]): UpdateEvent {
    const [first] = this.#failures.values();
    return failed(first ?? toReportedError(new Error("no failure"), "failing"), restore);
  }

  #swapContext(signal: AbortSignal): SwapContext {
    const { store, supervisor, onEvent } = this.#options;
    return { store, supervisor, onEvent, signal };
  }

  async #removeUnused(target: Target): Promise<void> {
    const { objects } = this.#options;
    await objects.removePartsExcept(objectsOf(target.versions));
    for (const step of await this.#plan(target)) {
      if (step.kind === "remove") await objects.remove(step.digest);
    }
  }

  async #plan(target: Target): Promise<Step[]> {
    return plan(target.versions, await this.#actual(target));
  }

  /** Objects that the target needs count only when their bytes are right. */
  async #actual({ versions }: Target): Promise<Actual> {
    const { objects, supervisor, store } = this.#options;
    const wanted = objectsOf(versions);
    for (const digest of wanted) await objects.verify(digest);
    return {
      objects: await objects.list(),
      pipelines: supervisor.versions,
      previousObjects: previousObjects(store.current),
    };
  }
}

function failed(error: ReportedError, restore: PipelineVersion[] = []): UpdateEvent {
  return { type: "failed", error, restore };
}

function isFetch(step: Step): step is Extract<Step, { kind: "fetch" }> {
  return step.kind === "fetch";
}
