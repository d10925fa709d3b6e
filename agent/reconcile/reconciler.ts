import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { throwIfAborted } from "../update/backoff.ts";
import type { PipelineVersion, StateStore } from "../update/device-state.ts";
import { isSettled, transition, type UpdateEvent } from "../update/machine.ts";
import type { ObjectStore } from "../update/object-store.ts";
import type { Fetcher } from "./fetcher.ts";
import { type Actual, objectsOf, plan, type Step } from "./plan.ts";
import { swapPipelines } from "./swap.ts";

export interface ReconcilerOptions {
  store: StateStore;
  objects: ObjectStore;
  supervisor: Supervisor;
  fetcher: Fetcher;
  log: Log;
  onChange: () => void;
  onEvent: (event: NewEvent) => void;
}

export interface Target {
  generation: number;
  artifactUrl: string;
  setDigest: string;
  versions: PipelineVersion[];
}

/**
 * Brings the device from what it runs to the desired document, one update at a time.
 *
 * INVARIANTS:
 * - each state of the update is on disk before its action begins.
 * - a newer target cancels the update under way and begins when that one has let go of everything.
 * - every step is computed from what is there; nothing trusts what an earlier run meant to do.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  #fault: ReportedError | null = null;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Why nothing goes on at all, such as a disk that takes no more state; null when work goes on. */
  get fault(): ReportedError | null {
    return this.#fault;
  }

  /** Takes an accepted target, which is on disk already, and works on it in the background. */
  submit(target: Target): void {
    this.#replaceWork(target, { type: "accepted", generation: target.generation });
  }

  /** After a start of the agent: goes on with an update that was under way. */
  resume(target: Target): void {
    this.#replaceWork(target, { type: "resumed" });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort.abort();
    await this.#work;
  }

  #replaceWork(target: Target, event: UpdateEvent): void {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#work = this.#work.then(() => this.#run(target, event, abort.signal));
  }

  async #run(target: Target, first: UpdateEvent, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#stopped) return;
    this.#fault = null;
    try {
      await this.#apply(first, target);
      while (!isSettled(this.#options.store.current.update)) {
        throwIfAborted(signal);
        await this.#apply(await this.#act(target, signal), target);
      }
    } catch (error) {
      if (isFleetError(error, "CANCELLED")) return;
      // Only persisting the state itself can end here: without it nothing may be done.
      this.#fault = toReportedError(error, "keeping the state of an update");
      this.#options.log.error("the update cannot go on", error);
      this.#options.onChange();
    }
  }

  /** The action of the present state; what happened is the answer, never an exception but CANCELLED. */
  async #act(target: Target, signal: AbortSignal): Promise<UpdateEvent> {
    const { state } = this.#options.store.current.update;
    try {
      switch (state) {
        case "fetching":
          await this.#fetch(target, signal);
          return { type: "fetched" };
        case "verifying":
          await this.#verify(target);
          return { type: "verified" };
        case "swapping":
          await this.#swap(target, signal);
          return { type: "swapped" };
        default:
          // Candidates are gone by the time an update fails, and what ran runs on.
          await this.#removeUnused(target);
          return { type: "restored" };
      }
    } catch (error) {
      if (signal.aborted) throw new FleetError("CANCELLED", "Superseded or stopped");
      return { type: "failed", error: toReportedError(error, `being in state ${state}`) };
    }
  }

  async #fetch(target: Target, signal: AbortSignal): Promise<void> {
    const steps = (await this.#plan(target)).filter(isFetch);
    const keep = [...objectsOf(target.versions), ...objectsOf(this.#options.supervisor.versions)];
    await this.#options.fetcher.fetchAll(steps, target.artifactUrl, keep, signal);
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

  async #swap(target: Target, signal: AbortSignal): Promise<void> {
    const { store, supervisor } = this.#options;
    const steps = await this.#plan(target);
    const before = objectsOf(supervisor.versions);
    const failures = await swapPipelines(steps, { store, supervisor, signal });
    for (const { pipeline, error } of failures) {
      this.#options.onEvent({
        kind: "pipeline-refused",
        pipeline,
        message: `${error.code}: ${error.message}`,
      });
    }
    const [failure] = failures;
    if (failure) throw failure.error;
    const after = objectsOf(supervisor.versions);
    await store.save((state) => ({
      ...state,
      setDigest: target.setDigest,
      previousObjects: before.join() === after.join() ? state.previousObjects : before,
    }));
    await this.#removeUnused(target);
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
      previousObjects: store.current.previousObjects,
    };
  }

  async #apply(event: UpdateEvent, target: Target): Promise<void> {
    const { store, onChange, onEvent } = this.#options;
    const before = store.current.update;
    const { update } = await store.save((state) => {
      const next = transition(state.update, event, Date.now());
      // One write: a generation in the state is one whose update has begun.
      const { generation } = event.type === "accepted" ? event : state;
      return next === state.update ? state : { ...state, generation, update: next };
    });
    if (update === before) return;
    onChange();
    const why = "error" in update ? `: ${update.error.message}` : "";
    onEvent({
      kind: "update",
      message: `Generation ${target.generation} is ${update.state}${why}`,
      data: { state: update.state, generation: target.generation, setDigest: target.setDigest },
    });
  }
}

function isFetch(step: Step): step is Extract<Step, { kind: "fetch" }> {
  return step.kind === "fetch";
}
