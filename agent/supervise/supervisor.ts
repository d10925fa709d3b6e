import type { DetectedFrame, PipelineStats, ReportedPipeline } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { PipelineVersion } from "../update/device-state.ts";
import { PipelineRun, type RunDeps } from "./pipeline-run.ts";

export interface SupervisorOptions extends Omit<RunDeps, "onChange" | "onFrames" | "onNotice"> {
  /** A new version must deliver a frame within this time while the former one does. */
  firstFrameMs: number;
  /** A former version that has not delivered for this long gives way to one that is merely loaded. */
  graceMs: number;
  onChange: () => void;
  onFrames: (pipeline: string, modelDigest: string, frames: DetectedFrame[]) => void;
  onNotice: (pipeline: string, kind: string, message: string) => void;
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
  /** Why a newer version of a running pipeline was not taken. */
  readonly #refusals = new Map<string, ReportedPipeline["error"]>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get versions(): PipelineVersion[] {
    return [...this.#runs.values()].map(({ version }) => version);
  }

  report(): ReportedPipeline[] {
    return [...this.#runs.values()]
      .map((run) => {
        const report = run.report();
        return { ...report, error: report.error ?? this.#refusals.get(run.name) ?? null };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  stats(nowMs: number): PipelineStats[] {
    return [...this.#runs.values()].flatMap((run) => run.stats(nowMs) ?? []);
  }

  /** Starts a pipeline that does not run yet and keeps it alive, whatever becomes of the first attempt. */
  start(version: PipelineVersion): PipelineRun {
    const run = this.#create(version);
    this.#runs.set(run.name, run);
    this.#refusals.delete(run.name);
    run.keepAlive();
    this.#options.onChange();
    return run;
  }

  /** Resolves once the model is loaded and the source opened; throws the first thing that goes wrong. */
  async loaded(run: PipelineRun, signal: AbortSignal): Promise<void> {
    await until(run, () => run.facts.started, signal);
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
    this.#refusals.delete(candidate.name);
    candidate.keepAlive();
    this.#options.onChange();
    await former?.stop();
  }

  /** Says on the running version that another one was refused, until one takes over. */
  noteRefusal(pipeline: string, error: NonNullable<ReportedPipeline["error"]>): void {
    this.#refusals.set(pipeline, error);
    this.#options.onChange();
  }

  clearRefusals(): void {
    this.#refusals.clear();
  }

  async stop(pipeline: string): Promise<void> {
    const run = this.#runs.get(pipeline);
    this.#runs.delete(pipeline);
    this.#refusals.delete(pipeline);
    await run?.stop();
    this.#options.onChange();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.stop()));
  }

  async #fitToTakeOver(candidate: PipelineRun, signal: AbortSignal): Promise<void> {
    const loadedAtMs = Date.now();
    const fit = () => {
      if (candidate.facts.delivering) return true;
      const former = this.#runs.get(candidate.name);
      return former?.facts.delivering !== true && Date.now() - loadedAtMs > this.#options.graceMs;
    };
    await until(candidate, fit, signal, this.#options.firstFrameMs);
  }

  #create(version: PipelineVersion): PipelineRun {
    const isActive = (run: PipelineRun) => this.#runs.get(run.name) === run;
    return new PipelineRun(version, {
      ...this.#options,
      onChange: (run) => {
        if (isActive(run)) this.#options.onChange();
      },
      onFrames: (run, frames) => {
        if (isActive(run)) this.#options.onFrames(run.name, run.version.model.digest, frames);
      },
      onNotice: (run, kind, message) => {
        this.#options.onNotice(run.name, isActive(run) ? kind : `candidate-${kind}`, message);
      },
    });
  }
}

/** Waits for a condition on a run. Throws its error when its runner ends, or when time or the signal says so. */
function until(
  run: PipelineRun,
  condition: () => boolean,
  signal: AbortSignal,
  deadlineMs?: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      unwatch();
      clearInterval(poll);
      clearTimeout(deadline);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const check = () => {
      const { error, started } = run.facts;
      if (condition()) settle(resolve);
      else if (error !== null && !started) settle(() => reject(errorOf(error)));
    };
    const onAbort = () =>
      settle(() => reject(new FleetError("CANCELLED", "Superseded or stopped")));
    const unwatch = run.watch(check);
    const poll = setInterval(check, 250);
    const deadline =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => settle(() => reject(lateError(run, deadlineMs))), deadlineMs);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else check();
  });
}

function lateError(run: PipelineRun, deadlineMs: number): FleetError {
  const { error } = run.facts;
  if (error !== null) return errorOf(error);
  const message = `The new version of ${run.name} delivered no frame in ${deadlineMs} ms while the former one did`;
  return new FleetError("PIPELINE_NOT_RUNNING", message);
}

function errorOf({ code, message }: NonNullable<ReportedPipeline["error"]>): FleetError {
  return new FleetError(code as FleetError["code"], message);
}
