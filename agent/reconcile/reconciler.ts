import type { ReportedError } from "../../fleet/contract/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import type { ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { advance } from "../update/advance.ts";
import type { StateStore } from "../update/device-state.ts";
import { isSettled, type UpdateEvent } from "../update/machine.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";
import type { Fetcher } from "./fetcher.ts";
import { UpdateActions } from "./update-actions.ts";
import { updateEvent } from "./update-event.ts";

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
  readonly #actions: UpdateActions;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  #fault: ReportedError | null = null;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#actions = new UpdateActions(options);
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
    const before = this.#options.store.current.before ?? [];
    this.#replaceWork(target, { type: "resumed", before });
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
        await this.#apply(await this.#actions.act(target, signal), target);
      }
    } catch (error) {
      if (isFleetError(error, "CANCELLED")) return;
      // Only persisting the state itself can end here: without it nothing may be done.
      this.#fault = toReportedError(error, "keeping the state of an update");
      this.#options.log.error("the update cannot go on", error);
      this.#options.onChange();
    }
  }

  async #apply(event: UpdateEvent, target: Target): Promise<void> {
    const { store, onChange, onEvent } = this.#options;
    const before = store.current.update;
    const { update } = await store.save((state) =>
      advance(state, event, target.setDigest, Date.now()),
    );
    if (update === before) return;
    onChange();
    onEvent(updateEvent(before, update, target, this.#actions.receivedBytes));
  }
}
