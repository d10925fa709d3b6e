import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type {
  AnalyticsEvent,
  PipelineStats,
  ReportedPipeline,
  RunningEngine,
} from "../../fleet/contract/index.ts";
import { asFleetError, FleetError } from "../../fleet/errors/index.ts";
import { allModels } from "../../fleet/release/index.ts";
import type { BudgetSpec } from "../../fleet/spec/index.ts";
import { type BackoffRange, backoffMs } from "../../fleet/transfer/backoff.ts";
import type { NativePaths } from "../config.ts";
import type { EnginePlace } from "../engine/engines.ts";
import type { EngineForm, EngineModel } from "../engine/recipes.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import {
  isModelChange,
  type PipelineVersion,
  type SourcesBetween,
  sourcesBetween,
  versionDigest,
} from "../update/pipeline-version.ts";
import { BudgetKeeper } from "./budget-keeper.ts";
import type { SourceMessage, WarningMessage } from "./ipc/messages.ts";
import type { ModelSwap } from "./ipc/pipeline.ts";
import { memoryLimit } from "./memory-watch.ts";
import { modelOptions } from "./model-options.ts";
import { nativeOptions, sourceOptions } from "./native-options.ts";
import { formsOf, type Placing } from "./place-on-silicon.ts";
import {
  errorIn,
  INITIAL_FACTS,
  nextFacts,
  type RunEvent,
  type RunFacts,
  stateOf,
} from "./run-state.ts";
import type { LaunchRunner } from "./runner-child.ts";
import type { RunnerMessage } from "./runner-message.ts";
import { RunnerProcess } from "./runner-process.ts";
import { runsOn } from "./runs-on.ts";
import { reportedSources } from "./source-facts.ts";

type FramesMessage = Extract<RunnerMessage, { type: "frames" }>;

/** Frames of one model as the native runtime wrote them. */
export interface FrameBatch extends Pick<FramesMessage, "frames" | "json"> {
  modelDigest: string;
}

export interface RunDeps {
  launch: LaunchRunner;
  native: NativePaths;
  threads: number;
  /** Of the engine of a model, by the model's digest. Throws ENGINE_MISSING. */
  engineOf: (model: EngineModel, form: EngineForm) => EnginePlace;
  /** Where an object lies on this disk. */
  objectPath: (digest: string) => string;
  /** Where a version's model, or that secondary one, works on the board's accelerators, or why on the processor. */
  placeOf: (version: PipelineVersion, secondary?: string) => Placing;
  /** What is reported of the engine of a model; undefined while there is none. */
  reportEngine: (model: EngineModel, form: EngineForm) => RunningEngine | undefined;
  /** Brings what a version needs anew when its bytes on the disk are no longer those that it names. */
  mend: (version: PipelineVersion, signal: AbortSignal) => Promise<void>;
  /** What the pipeline of that name must achieve: a change of it changes no version. */
  budgetOf: (pipeline: string) => BudgetSpec | undefined;
  log: Log;
  restartBackoff: BackoffRange;
  onChange: (run: PipelineRun) => void;
  onFrames: (run: PipelineRun, batch: FrameBatch) => void;
  /** `life` names the runner, of which there may be several one after the other. */
  onAnalytics: (run: PipelineRun, life: string, events: readonly AnalyticsEvent[]) => void;
  /** Nothing more comes of that runner. */
  onLifeEnd: (run: PipelineRun, life: string) => void;
  onNotice: (run: PipelineRun, kind: string, message: string, data?: NewEvent["data"]) => void;
}

/** What one version did at work. */
interface Tally {
  /** Digests by which its results are named: a model that stays keeps the name that it was loaded by. */
  ids: string[];
  /** That came out of it. */
  frames: number;
  /** Times its runner ended by itself. */
  crashes: number;
}

/** A runner that lived this long was well: its next crash counts as the first. */
const STEADY_MS = 60_000;
/** Statistics come once a second. */
const STATS_FRESH_MS = 3000;

/** One pipeline: its runner process, started again whenever it ends by itself. Its model may be exchanged. */
export class PipelineRun {
  #version: PipelineVersion;
  readonly #deps: RunDeps;
  #facts: RunFacts = INITIAL_FACTS;
  #sinceMs = Date.now();
  #process: RunnerProcess | null = null;
  /** Digest of what the runner was given to load. */
  #loaded = "";
  #retry: NodeJS.Timeout | null = null;
  #mending: AbortController | null = null;
  #launchedAtMs = 0;
  /** Of the runner's. */
  #life = "";
  #attempt = 0;
  #restarts = 0;
  readonly #warned = new Set<string>();
  #tally: Tally;
  /** Model digests of the versions that this run was given, by what its results are named by. */
  readonly #models = new Map<string, string>();
  #keepAlive = false;
  #stats: { stats: PipelineStats; atMs: number } | null = null;
  /** Of the present runner. */
  #budget: BudgetKeeper;
  readonly #watchers = new Set<() => void>();

  constructor(version: PipelineVersion, deps: RunDeps) {
    this.#version = version;
    this.#deps = deps;
    this.#budget = this.#createBudgetKeeper();
    this.#tally = this.#count(version);
    this.#launch();
  }

  get version(): PipelineVersion {
    return this.#version;
  }

  get name(): string {
    return this.#version.spec.name;
  }

  get facts(): RunFacts {
    return this.#facts;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What the present version did since it was put to work. */
  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /** Whether `swapModel` leads to this version: another model in the same pipeline, in a runner that is up. */
  canSwapTo(to: PipelineVersion): boolean {
    return this.#facts.started && isModelChange(this.#version, to);
  }

  /**
   * Exchanges the model inside the runner, between two frames; `inTurn`, with nothing at work between the two. When this
   * throws, the version is the former one.
   */
  async swapModel(to: PipelineVersion, inTurn: boolean): Promise<ModelSwap> {
    if (this.#process === null) throw new FleetError("RUNNER_CRASHED", "No runner is up");
    const former = this.#tally;
    // From here on, for the end of a runner may come before its answer.
    this.#tally = this.#count(to);
    try {
      // What it freed of the former model may come back to it, but need not come back to the board.
      const limit = memoryLimit(...sizesOf(this.#version), to.model.sizeBytes);
      const options = modelOptions(to, this.#deps);
      const swap = await this.#process.swapModel(options, limit, inTurn);
      this.#version = to;
      this.#loaded = options.digest;
      this.#budget.begin(to.spec);
      this.#deps.onChange(this);
      return swap;
    } catch (error) {
      this.#tally = former;
      throw error;
    }
  }

  /** Whether `changeSources` leads to this version: other sources beside one that stays, in a runner that is up. */
  canChangeSourcesTo(to: PipelineVersion): boolean {
    return this.#facts.started && sourcesBetween(this.#version, to) !== null;
  }

  /**
   * Lets sources come and go inside the runner while the others play. When this throws, the version is the former one,
   * and its runner is started again.
   */
  async changeSources(to: PipelineVersion): Promise<SourcesBetween> {
    const former = { version: this.#version, tally: this.#tally };
    const between = sourcesBetween(former.version, to);
    if (this.#process === null || between === null) {
      throw new FleetError("RUNNER_CRASHED", "No runner is up that could change its sources");
    }
    // From here on, for what a source says may come before the runner's answer.
    this.#tally = this.#count(to, former.tally.ids);
    this.#version = to;
    const [sources, changed] = [Object.keys(to.spec.sources), between.add];
    this.#apply({ type: "sources", sources, changed });
    try {
      await this.#process.changeSources({
        remove: between.remove,
        add: sourceOptions(to.spec).filter(({ name }) => between.add.includes(name)),
      });
      this.#budget.begin(to.spec);
      this.#deps.onChange(this);
      return between;
    } catch (error) {
      this.#tally = former.tally;
      this.#version = former.version;
      throw error;
    }
  }

  /** From now on the runner is started again when it ends; until then its first end is final. */
  keepAlive(): void {
    this.#keepAlive = true;
    const isUnderWay = this.#process ?? this.#retry ?? this.#mending;
    if (isUnderWay === null) this.#scheduleRetry();
  }

  /** The latest statistics, or null when the runner gave none lately. */
  stats(): PipelineStats | null {
    const isFresh = this.#stats !== null && performance.now() - this.#stats.atMs < STATS_FRESH_MS;
    return isFresh ? (this.#stats?.stats ?? null) : null;
  }

  report(): ReportedPipeline {
    const { spec, model } = this.#version;
    const placing = this.#deps.placeOf(this.#version);
    const place = placing.place?.runsOn ?? runsOn(this.#deps.native.backendPath);
    // Where several accelerators share the work, that of the first.
    const [form = "cpu"] = formsOf(placing);
    const engine = this.#deps.reportEngine(model, form);
    const isLoaded = engine !== undefined && engine.digest === this.#loaded;
    const sources = reportedSources(this.#facts.sources);
    return {
      name: spec.name,
      state: stateOf(this.#facts),
      sinceMs: this.#sinceMs,
      model: { name: model.name, digest: model.digest },
      specDigest: versionDigest(this.#version),
      ...(place && { runsOn: place }),
      ...(isLoaded && { engine }),
      restarts: this.#restarts,
      ...(sources && { sources }),
      error: errorIn(this.#facts),
    };
  }

  /** Calls back after every change of the facts, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async stop(): Promise<void> {
    this.#keepAlive = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#mending?.abort();
    await this.#process?.stop();
    this.#apply({ type: "stopped" });
  }

  #launch(): void {
    this.#retry = null;
    this.#launchedAtMs = performance.now();
    this.#life = `${Date.now().toString(36)}${randomBytes(2).toString("hex")}`;
    this.#apply({ type: "launched", sources: Object.keys(this.#version.spec.sources) });
    const pipeline = nativeOptions(this.#version, this.#deps);
    const placing = this.#deps.placeOf(this.#version);
    if (placing.place === null) {
      const { why } = placing;
      this.#deps.log.info("a model works on the processor", { pipeline: this.name, why });
    }
    this.#loaded = pipeline.model.digest;
    this.#budget = this.#createBudgetKeeper();
    this.#process = new RunnerProcess({
      launch: this.#deps.launch,
      memoryLimitBytes: memoryLimit(...sizesOf(this.#version)),
      addonPath: this.#deps.native.addonPath,
      pipeline,
      log: this.#deps.log,
      onStarted: () => this.#apply({ type: "started" }),
      onMessage: (message) => this.#onMessage(message),
      onEnd: (error) => this.#onEnd(error),
    });
  }

  #onMessage(message: RunnerMessage): void {
    if (message.type === "frames") {
      this.#onFrames(message);
    } else if (message.type === "stats") {
      this.#stats = { stats: this.#withBudget(message.stats), atMs: performance.now() };
      if (message.stats.fps > 0) this.#apply({ type: "frames" });
    } else if (message.type === "source") {
      this.#onSource(message);
    } else if (message.type === "analytics") {
      this.#deps.onAnalytics(this, this.#life, message.events);
    } else if (message.type === "warning") {
      this.#onWarning(message);
    }
  }

  /** One that may have to give way again watches no budget: two versions share the board. */
  #withBudget(stats: PipelineStats): PipelineStats {
    if (!this.#keepAlive) return stats;
    const budget = this.#budget.second(stats, this.#deps.budgetOf(this.name));
    return { ...stats, ...(budget && { budget }) };
  }

  #createBudgetKeeper(): BudgetKeeper {
    return new BudgetKeeper({
      ...{ name: this.name, spec: this.#version.spec },
      setPace: (pace) => this.#process?.setPace(pace),
      onEvent: ({ kind, message, data }) => this.#deps.onNotice(this, kind, message, data),
    });
  }

  #onFrames({ modelId: id, frames, json }: FramesMessage): void {
    const modelDigest = this.#models.get(id);
    if (modelDigest === undefined) {
      this.#deps.log.warn("results of a version that was not asked for", { pipeline: this.name });
      return;
    }
    if (this.#tally.ids.includes(id)) this.#tally.frames += frames;
    this.#apply({ type: "frames" });
    this.#deps.onFrames(this, { modelDigest, frames, json });
  }

  #onSource({ source, state, error }: SourceMessage): void {
    const reported = error && toReportedError(new FleetError(error.code, error.message), "reading");
    const [only = ""] = Object.keys(this.#version.spec.sources);
    const name = source ?? only;
    if (state !== this.#facts.sources[name]?.state && state !== "connecting") {
      const why = reported?.message ?? `Source is ${state}`;
      this.#deps.onNotice(this, `source-${state}`, `${this.#prefix(name)}${why}`);
    }
    this.#apply({ type: "source", source: name, state, error: reported });
  }

  /** Each kind is an event once; a camera that is lost again and again would repeat it with every connection. */
  #onWarning({ source = "", error: { code, message } }: WarningMessage): void {
    const key = `${source} ${code}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#deps.onNotice(this, "source-warning", `${this.#prefix(source)}${code}: ${message}`);
  }

  /** Tells one of several sources from the others. */
  #prefix(source: string): string {
    return Object.keys(this.#version.spec.sources).length > 1 ? `source ${source}: ` : "";
  }

  #onEnd(error: FleetError | null): void {
    this.#process = null;
    this.#stats = null;
    this.#deps.onLifeEnd(this, this.#life);
    if (error === null) return;
    this.#tally.crashes += 1;
    const reported = toReportedError(error, "running a pipeline");
    this.#deps.onNotice(this, "runner-ended", `${reported.code}: ${reported.message}`);
    this.#apply({ type: "ended", error: reported });
    if (this.#keepAlive) this.#scheduleRetry();
  }

  #count(version: PipelineVersion, formerIds: readonly string[] = []): Tally {
    const id = versionDigest(version);
    this.#models.set(id, version.model.digest);
    return { ids: [...new Set([...formerIds, id])], frames: 0, crashes: 0 };
  }

  #scheduleRetry(): void {
    if (performance.now() - this.#launchedAtMs > STEADY_MS) this.#attempt = 0;
    const waitMs = backoffMs(this.#attempt, this.#deps.restartBackoff);
    this.#attempt += 1;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      // A machine that gives no process now is no reason to end the other pipelines.
      this.#again().catch((error: unknown) =>
        this.#onEnd(asFleetError(error, "starting a runner again")),
      );
    }, waitMs);
  }

  async #again(): Promise<void> {
    const isSpoilt = this.#facts.error?.code === "ARTIFACT_DIGEST";
    if (isSpoilt && !(await this.#mend())) return;
    this.#restarts += 1;
    this.#launch();
  }

  /** False when the run was stopped meanwhile, or it takes another attempt. */
  async #mend(): Promise<boolean> {
    const mending = new AbortController();
    this.#mending = mending;
    try {
      await this.#deps.mend(this.#version, mending.signal);
      return !mending.signal.aborted;
    } catch (error) {
      if (mending.signal.aborted) return false;
      this.#deps.log.warn("a spoilt model could not be fetched anew", {
        pipeline: this.name,
        reason: toReportedError(error, "fetching a spoilt model").message,
      });
      this.#scheduleRetry();
      return false;
    } finally {
      this.#mending = null;
    }
  }

  #apply(event: RunEvent): void {
    const before = this.#facts;
    this.#facts = nextFacts(before, event);
    if (this.#facts === before) return;
    if (stateOf(this.#facts) !== stateOf(before)) this.#sinceMs = Date.now();
    this.#deps.onChange(this);
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Of all models that its runner loads. */
function sizesOf(version: PipelineVersion): number[] {
  return allModels(version).map(({ sizeBytes }) => sizeBytes);
}
