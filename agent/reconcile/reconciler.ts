import type { ReportedError } from "../../fleet/contract/index.ts";
import type { Accepted } from "../../fleet/deploy/index.ts";
import { accept } from "../update/accept.ts";
import type { DeviceState } from "../update/device-state.ts";
import { isSettled } from "../update/machine.ts";
import { NEW_PIPELINE } from "../update/pipeline-record.ts";
import { isSameStep, PipelineUpdater, type UpdaterOptions } from "./pipeline-updater.ts";
import { updateEvent } from "./update-event.ts";

export type ReconcilerOptions = Omit<UpdaterOptions, "onSettled">;

/**
 * Brings every pipeline of the device to what is wanted of it, each by itself. An accepted document is on disk, with
 * what it asks of each pipeline, before anything of it is acted on; those of which it asks nothing new are not disturbed.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #updaters = new Map<string, PipelineUpdater>();
  #stopped = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Why a pipeline does not go on at all; null when it does. */
  faultOf(pipeline: string): ReportedError | null {
    return this.#updaters.get(pipeline)?.fault ?? null;
  }

  /** After a start of the agent: starts what the state says and goes on with the updates that were under way. */
  open(): void {
    for (const name of Object.keys(this.#options.store.current.pipelines)) {
      this.#updaterOf(name).restart(false);
    }
  }

  /** Writes what a document asks for, and works on it in the background. Throws when it cannot be written. */
  async submit(accepted: Accepted): Promise<void> {
    const { store, onChange } = this.#options;
    let before = store.current;
    const after = await store.save((state) => {
      before = state;
      return accept(state, accepted, Date.now());
    });
    onChange();
    for (const name of namesIn(before, after)) this.#follow(name, before, after);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#updaters.values()].map((updater) => updater.stop()));
  }

  /** Sets a pipeline to work where something else is wanted of it than before. */
  #follow(name: string, before: DeviceState, after: DeviceState): void {
    if (this.#stopped) return;
    const [from, to] = [before, after].map(({ pipelines }) => pipelines[name]);
    const was = from?.update ?? NEW_PIPELINE.update;
    if (to === undefined) return this.#updaterOf(name).restart(false);
    if (isSameStep(was, to.update)) return;
    this.#options.onEvent(updateEvent(name, was, to.update, null, 0));
    if (!isSettled(was) || !isSettled(to.update)) this.#updaterOf(name).restart(true);
  }

  #updaterOf(name: string): PipelineUpdater {
    const known = this.#updaters.get(name);
    if (known) return known;
    const onSettled = () => void this.#clear();
    const updater = new PipelineUpdater(name, { ...this.#options, onSettled });
    this.#updaters.set(name, updater);
    return updater;
  }

  /** An object that nothing needs any more goes; that it cannot be removed stops no pipeline. */
  async #clear(): Promise<void> {
    this.#options.onChange();
    try {
      await this.#options.downloads.clear();
      await this.#options.engines.clear();
    } catch (error) {
      this.#options.log.error("unused objects or engines are not removed", error);
    }
  }
}

function namesIn(...states: DeviceState[]): Set<string> {
  return new Set(states.flatMap(({ pipelines }) => Object.keys(pipelines)));
}
