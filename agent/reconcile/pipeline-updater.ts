import { performance } from "node:perf_hooks";
import type { ReportedError } from "../../fleet/contract/index.ts";
import { asFleetError, isFleetError } from "../../fleet/errors/index.ts";
import { allModels } from "../../fleet/release/index.ts";
import { type BackoffRange, throwIfAborted } from "../../fleet/transfer/backoff.ts";
import { diskErrorIn } from "../../fleet/transfer/files/disk-error.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import { withEvent } from "../update/device-state.ts";
import { isSettled, targetOf, type Update, type UpdateEvent } from "../update/machine.ts";
import { isSame, type PipelineRecord } from "../update/pipeline-record.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";
import type { StateStore } from "../update/state-store.ts";
import { bringEngines } from "./bring-engines.ts";
import { keepTrying } from "./keep-trying.ts";
import { type ActionOptions, PipelineActions } from "./pipeline-actions.ts";
import { updateEvent } from "./update-event.ts";

export interface UpdaterOptions extends ActionOptions {
  store: StateStore;
  /** Between two attempts to write the state to a disk that refuses it. */
  diskBackoff: BackoffRange;
  log: Log;
  onChange: () => void;
  /** Called when an update came to its end. */
  onSettled: () => void;
}

/**
 * Brings one pipeline from what it runs to what its record says, through the states of its update.
 *
 * INVARIANTS:
 * - each state of the update is on disk before its action begins.
 * - whoever is called off lets go of everything before the next one begins, and changes no state any more.
 */
export class PipelineUpdater {
  readonly #pipeline: string;
  readonly #options: UpdaterOptions;
  readonly #actions: PipelineActions;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  /** The disk is full or fails; what it keeps from being done is tried again. */
  #diskFault: ReportedError | null = null;
  /** What should run cannot. */
  #fault: ReportedError | null = null;
  #stateSince: { update: Update; atMs: number } | null = null;

  constructor(pipeline: string, options: UpdaterOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.#actions = new PipelineActions(pipeline, options);
  }

  /** Why nothing goes on, such as a disk that takes no more state, or a version that is not whole; else null. */
  get fault(): ReportedError | null {
    return this.#diskFault ?? this.#fault;
  }

  /** Goes on with what the record says now, once what is under way has let go. `begun`: its state began just now. */
  restart(begun: boolean): void {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const update = this.#record?.update;
    this.#stateSince = update && begun ? { update, atMs: performance.now() } : null;
    this.#work = this.#work.then(() => this.#run(abort.signal));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#work;
  }

  get #record(): PipelineRecord | undefined {
    return this.#options.store.current.pipelines[this.#pipeline];
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      this.#fault = null;
      await this.#ensureActive(signal);
      for (let record = this.#record; record && !isDone(record); record = this.#record) {
        throwIfAborted(signal);
        await this.#step(record, signal);
      }
      // What could not be brought back is fetched anew.
      if (this.#fault !== null) await this.#ensureActive(signal);
    } catch (error) {
      if (isFleetError(error, "CANCELLED")) return;
      this.#fault = toReportedError(error, `updating pipeline ${this.#pipeline}`);
      this.#options.log.error(`pipeline ${this.#pipeline} cannot go on`, error);
    }
    if (!signal.aborted) this.#options.onSettled();
  }

  async #step(record: PipelineRecord, signal: AbortSignal): Promise<void> {
    const { update, next } = record;
    if (update.state === "rolling-back") return this.#rollBack(record, signal);
    if (isSettled(update) && next !== null) {
      return this.#apply(update, { type: "requested", target: next }, signal);
    }
    await this.#apply(
      update,
      await this.#whateverTheDisk(() => this.#actions.act(record, signal), signal),
      signal,
    );
  }

  /** A disk that is full or fails is waited for: no version is good or bad by it. Other errors are thrown. */
  #whateverTheDisk<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mayPass = (error: unknown) => diskErrorIn(error, this.#pipeline, "BOARD") !== null;
    return this.#retried(action, signal, mayPass);
  }

  async #retried<T>(
    action: () => Promise<T>,
    signal: AbortSignal,
    mayPass?: (error: unknown) => boolean,
  ): Promise<T> {
    const { diskBackoff, log, onChange } = this.#options;
    const done = await keepTrying(action, {
      signal,
      backoff: diskBackoff,
      ...(mayPass && { mayPass }),
      onFailure: (error, waitMs) => {
        const doing = `pipeline ${this.#pipeline}`;
        const fault = diskErrorIn(error, doing, "BOARD") ?? asFleetError(error, doing);
        log.error(`${doing} waits for its disk, tried again in ${waitMs} ms`, fault);
        this.#diskFault = toReportedError(fault, doing);
        onChange();
      },
    });
    this.#diskFault = null;
    return done;
  }

  /**
   * What runs is the active version: as after a start of the agent, or when an exchange was called off. One whose bytes
   * are spoilt on disk is fetched anew.
   */
  async #ensureActive(signal: AbortSignal): Promise<void> {
    const record = this.#record;
    try {
      const version = record?.active ?? null;
      const inherited = record?.update.state === "idle";
      await this.#whateverTheDisk(() => this.#actions.ensure(version, inherited), signal);
      this.#fault = null;
    } catch (error) {
      throwIfAborted(signal);
      this.#options.log.error(`pipeline ${this.#pipeline} cannot start`, error);
      if (record === undefined || !isSettled(record.update) || record.active === null) return;
      const { update } = record;
      // What its update was for is known to be bad; the former version is fetched, and stays what it is.
      if (update.state === "rolled-back") return this.#fetchFormer(record.active, signal);
      const target = targetOf(update) ?? {
        ...(update.state === "committed" ? update : { part: null, set: null, generation: 0 }),
        version: record.active,
      };
      await this.#apply(update, { type: "requested", target }, signal);
    }
  }

  async #fetchFormer(version: PipelineVersion, signal: AbortSignal): Promise<void> {
    await this.#whateverTheDisk(async () => {
      await this.#options.downloads.bringAll(allModels(version), signal);
      await bringEngines(this.#options, version, signal);
      await this.#actions.ensure(version);
    }, signal);
    this.#fault = null;
  }

  /** Nothing is left to fall back on when this fails: the update ends, and the pipeline says why it does not run. */
  async #rollBack(record: PipelineRecord, signal: AbortSignal): Promise<void> {
    const outcome = await this.#whateverTheDisk(() => this.#actions.act(record, signal), signal);
    if (outcome.type === "failed") {
      this.#fault = outcome.error;
      this.#options.log.error(`${this.#pipeline} cannot be brought back: ${outcome.error.message}`);
    }
    await this.#apply(record.update, { type: "done" }, signal);
  }

  /** Writes what follows from an event of the update that was acted on, for as long as it takes. */
  async #apply(acted: Update, event: UpdateEvent, signal: AbortSignal): Promise<void> {
    const { store, supervisor, onChange, onEvent } = this.#options;
    const pipeline = this.#pipeline;
    const fps = supervisor.fpsOf(pipeline);
    let before = acted;
    await this.#retried(
      () =>
        store.save((state) => {
          before = state.pipelines[pipeline]?.update ?? acted;
          // Something else may be wanted by now; then what was done is of no account.
          if (signal.aborted || !isSameStep(before, acted)) return state;
          return withEvent(state, pipeline, event, fps, Date.now());
        }),
      signal,
    );
    const update = this.#record?.update;
    if (update === undefined || update === before) return;
    const since = this.#stateSince;
    const tookMs =
      since && isSameStep(since.update, before) ? performance.now() - since.atMs : null;
    this.#stateSince = { update, atMs: performance.now() };
    onChange();
    onEvent(updateEvent(pipeline, before, update, tookMs, this.#actions.receivedBytes));
  }
}

function isDone({ update, next }: PipelineRecord): boolean {
  return isSettled(update) && next === null;
}

/** Whether two are the same step of the same update: a new number for the same version does not make another. */
export function isSameStep(a: Update, b: Update): boolean {
  if (a === b) return true;
  const [to, from] = [targetOf(a), targetOf(b)];
  return a.state === b.state && to !== null && from !== null && isSame(to.version, from.version);
}
