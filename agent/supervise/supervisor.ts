import { performance } from "node:perf_hooks";
import type { PipelineStats, ReportedPipeline } from "../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import type { AnalyticsBatch } from "../report/analytics-journal.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { PipelineVersion, SourcesBetween } from "../update/pipeline-version.ts";
import { awaitRun, errorOf, type Judgement } from "./await-run.ts";
import type { ModelOptions, ModelSwap } from "./ipc/pipeline.ts";
import { memoryLimit } from "./memory-watch.ts";
import { modelOptions } from "./model-options.ts";
import { type FrameBatch, PipelineRun, type RunDeps } from "./pipeline-run.ts";
import type { ProbationRules } from "./probation.ts";
import { secondaryModelOptions } from "./secondary-options.ts";
import { testModel } from "./test-model.ts";
import { watchRun } from "./watch-run.ts";

export interface SupervisorOptions
  extends Omit<RunDeps, "onChange" | "onFrames" | "onAnalytics" | "onLifeEnd" | "onNotice"> {
  /** A new version must deliver a frame within this time while the former one does. */
  firstFrameMs: number;
  /** A former version that has not delivered for this long gives way to one that is merely loaded. */
  graceMs: number;
  probation: ProbationRules;
  onChange: () => void;
  onFrames: (pipeline: string, batch: FrameBatch) => void;
  onAnalytics: (batch: AnalyticsBatch) => void;
  /** Nothing more comes of that runner of a pipeline. */
  onRunEnd: (pipeline: string, run: string) => void;
  onNotice: (pipeline: string, kind: string, message: string, data?: NewEvent["data"]) => void;
}

/** `in-turn`: the former model was let go of before the new one was loaded. */
export interface ModelExchange extends ModelSwap {
  way: "beside" | "in-turn";
}

/**
 * All pipelines of the device.
 *
 * INVARIANTS:
 * - at most one run per pipeline speaks to the outside; a candidate is silent until it took over.
 * - a run that is not a candidate is kept alive until `stop` or `replace` says otherwise.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #runs = new Map<string, PipelineRun>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get pipelines(): string[] {
    return [...this.#runs.keys()];
  }

  /** The version that a pipeline runs, whether or not frames flow at the moment; null when it has no run. */
  versionOf(pipeline: string): PipelineVersion | null {
    return this.#runs.get(pipeline)?.version ?? null;
  }

  /** Frames per second of a pipeline; null when none were measured lately. */
  fpsOf(pipeline: string): number | null {
    return this.#runs.get(pipeline)?.stats()?.fps ?? null;
  }

  /** What a pipeline that has a run says of itself. */
  report(pipeline: string): ReportedPipeline | null {
    return this.#runs.get(pipeline)?.report() ?? null;
  }

  stats(): PipelineStats[] {
    return [...this.#runs.values()].flatMap((run) => run.stats() ?? []);
  }

  /** Starts a pipeline that does not run yet and keeps it alive, whatever becomes of the first attempt. */
  start(version: PipelineVersion): PipelineRun {
    const run = this.#create(version);
    this.#runs.set(run.name, run);
    run.keepAlive();
    this.#options.onChange();
    return run;
  }

  /** Resolves once the model is loaded and the source opened; throws the first thing that goes wrong. */
  async loaded(run: PipelineRun, signal: AbortSignal): Promise<void> {
    await awaitRun(run, () => (run.facts.started ? "good" : judgeStart(run)), signal);
  }

  /**
   * Starts `to` beside the running version and resolves when it is fit to take over. Until `takeOver` the former
   * one goes on; when this throws, the candidate is gone and nothing has changed.
   */
  async prepare(to: PipelineVersion, signal: AbortSignal): Promise<PipelineRun> {
    const candidate = this.#create(to);
    try {
      await this.loaded(candidate, signal);
      await this.#fitToTakeOver(candidate, signal);
      return candidate;
    } catch (error) {
      await candidate.stop();
      throw error;
    }
  }

  async takeOver(candidate: PipelineRun): Promise<void> {
    const former = this.#runs.get(candidate.name);
    this.#runs.set(candidate.name, candidate);
    candidate.keepAlive();
    this.#options.onChange();
    await former?.stop();
  }

  /** Tries the model that detects apart from everything that runs; throws what is wrong with it. */
  test(version: PipelineVersion, signal: AbortSignal): Promise<void> {
    return this.#try(modelOptions(version, this.#options), version.model.sizeBytes, signal);
  }

  /** Tries the secondary models likewise, one after the other; what it throws names the one that is wrong. */
  async testSecondary(version: PipelineVersion, signal: AbortSignal): Promise<void> {
    for (const [name, { sizeBytes }] of Object.entries(version.secondaryModels ?? {})) {
      const options = secondaryModelOptions(version, name, this.#options);
      await this.#try(options, sizeBytes, signal).catch((error: unknown) => {
        throw ofSecondary(name, error);
      });
    }
  }

  async #try(model: ModelOptions, sizeBytes: number, signal: AbortSignal): Promise<void> {
    const { launch, native } = this.#options;
    const memoryLimitBytes = memoryLimit(sizeBytes);
    await testModel({ launch, addonPath: native.addonPath, model, memoryLimitBytes, signal });
  }

  /** Whether `swapModel` can lead to this version, else it takes `prepare` and `takeOver`. */
  canSwapModel(to: PipelineVersion): boolean {
    return this.#runs.get(to.spec.name)?.canSwapTo(to) ?? false;
  }

  /**
   * Exchanges the model of a running pipeline between two frames, in turn where the board has no room for both. When
   * this throws, the former one goes on.
   */
  async swapModel(to: PipelineVersion): Promise<ModelExchange> {
    const run = this.#runs.get(to.spec.name);
    if (!run) throw new FleetError("INTERNAL", `Pipeline ${to.spec.name} does not run`);
    let way: ModelExchange["way"] = "beside";
    const swap = await run.swapModel(to, false).catch((error: unknown) => {
      if (!isFleetError(error, "MODEL_MEMORY")) throw error;
      way = "in-turn";
      return run.swapModel(to, true);
    });
    this.#options.onChange();
    return { ...swap, way };
  }

  /** Whether `changeSources` can lead to this version, else it takes `prepare` and `takeOver`. */
  canChangeSources(to: PipelineVersion): boolean {
    return this.#runs.get(to.spec.name)?.canChangeSourcesTo(to) ?? false;
  }

  /** Has sources of a running pipeline come and go. When this throws, its runner starts again with the former ones. */
  async changeSources(to: PipelineVersion): Promise<SourcesBetween> {
    const run = this.#runs.get(to.spec.name);
    if (!run) throw new FleetError("INTERNAL", `Pipeline ${to.spec.name} does not run`);
    const between = await run.changeSources(to);
    this.#options.onChange();
    return between;
  }

  /**
   * Brings an earlier version back, if need be by starting its runner anew. Null when no model was exchanged inside a
   * runner.
   */
  async restore(to: PipelineVersion): Promise<ModelExchange | null> {
    if (this.canChangeSources(to)) {
      const between = await this.changeSources(to).catch(() => null);
      if (between !== null) return null;
    }
    if (this.canSwapModel(to)) {
      // A new model may have broken the runner in a way that shows only now; then a new one is needed.
      const swap = await this.swapModel(to).catch(() => null);
      if (swap !== null) return swap;
    }
    await this.#runs.get(to.spec.name)?.stop();
    this.start(to);
    return null;
  }

  /** Watches the version that a pipeline runs; throws when it does not prove itself. */
  async prove(pipeline: string, formerFps: number | null, signal: AbortSignal): Promise<void> {
    const run = this.#runs.get(pipeline);
    if (!run) throw new FleetError("PIPELINE_NOT_RUNNING", `Pipeline ${pipeline} does not run`);
    await watchRun(run, formerFps, this.#options.probation, signal);
  }

  async stop(pipeline: string): Promise<void> {
    const run = this.#runs.get(pipeline);
    this.#runs.delete(pipeline);
    await run?.stop();
    this.#options.onChange();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.stop()));
  }

  async #fitToTakeOver(candidate: PipelineRun, signal: AbortSignal): Promise<void> {
    const loadedAtMs = performance.now();
    const { graceMs, firstFrameMs } = this.#options;
    const judge = (): Judgement => {
      if (candidate.facts.delivering) return "good";
      const waitedMs = performance.now() - loadedAtMs;
      const former = this.#runs.get(candidate.name);
      if (former?.facts.delivering !== true && waitedMs > graceMs) return "good";
      return waitedMs > firstFrameMs ? lateError(candidate, firstFrameMs) : judgeStart(candidate);
    };
    await awaitRun(candidate, judge, signal);
  }

  #create(version: PipelineVersion): PipelineRun {
    const isActive = (run: PipelineRun) => this.#runs.get(run.name) === run;
    return new PipelineRun(version, {
      ...this.#options,
      onChange: (run) => {
        if (isActive(run)) this.#options.onChange();
      },
      onFrames: (run, batch) => {
        if (isActive(run)) this.#options.onFrames(run.name, batch);
      },
      onAnalytics: (run, life, events) => {
        // One that is being stopped still says how visits end; those of a candidate were never told to begin.
        const told = isActive(run) ? events : events.filter(({ kind }) => kind === "zone-left");
        this.#options.onAnalytics({ pipeline: run.name, run: life, events: told });
      },
      onLifeEnd: (run, life) => this.#options.onRunEnd(run.name, life),
      onNotice: (run, kind, message, data) => {
        this.#options.onNotice(run.name, isActive(run) ? kind : `candidate-${kind}`, message, data);
      },
    });
  }
}

/** The same error, saying which model it is about. */
function ofSecondary(name: string, error: unknown): unknown {
  if (!isFleetError(error) || isFleetError(error, "CANCELLED")) return error;
  const { code, message, hint } = error;
  return new FleetError(code, `secondary model ${name}: ${message}`, { hint, cause: error });
}

/** Fails with what ended a runner before it was up. */
function judgeStart({ facts }: PipelineRun): Judgement {
  return facts.error !== null && !facts.started ? errorOf(facts.error) : "wait";
}

function lateError(run: PipelineRun, deadlineMs: number): FleetError {
  const { error } = run.facts;
  if (error !== null) return errorOf(error);
  const message = `The new version of ${run.name} delivered no frame in ${deadlineMs} ms while the former one did`;
  return new FleetError("PIPELINE_NOT_RUNNING", message);
}
