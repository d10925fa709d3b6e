import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { allModels } from "../../fleet/release/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import { diskErrorIn } from "../../fleet/transfer/files/disk-error.ts";
import type { ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import type { Engines } from "../engine/engines.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { isWorking, type UpdateEvent, type Working } from "../update/machine.ts";
import type { PipelineRecord } from "../update/pipeline-record.ts";
import { objectsOf, type PipelineVersion } from "../update/pipeline-version.ts";
import type { Turns } from "../update/turns.ts";
import { bringEngines, type EngineNeeds } from "./bring-engines.ts";
import type { Downloads } from "./downloads.ts";
import { requireAnswerable } from "./require-answerable.ts";
import { changeBetween, makeRun, putToWork } from "./swap.ts";

export interface ActionOptions extends EngineNeeds {
  objects: ObjectStore;
  supervisor: Supervisor;
  downloads: Downloads;
  engines: Pick<Engines, "bring" | "has" | "runAsItIs" | "clear">;
  /** Loading a model takes memory and processor for itself: the board does it for one pipeline at a time. */
  loading: Turns;
  onEvent: (event: NewEvent) => void;
}

/** What is done in each state of a pipeline's update. Keeps nothing that is needed after a power cut. */
export class PipelineActions {
  readonly #pipeline: string;
  readonly #options: ActionOptions;
  #receivedBytes = 0;

  constructor(pipeline: string, options: ActionOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
  }

  /** Bytes that the last `fetching` brought over the network. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /**
   * The action of the present state; what happened is the answer. Throws CANCELLED, and what the disk is the cause of
   * (BOARD_DISK_FULL, BOARD_DISK_FAILED): that says nothing about the version, and the action may be repeated.
   */
  async act(record: PipelineRecord, signal: AbortSignal): Promise<UpdateEvent> {
    const { update } = record;
    try {
      if (update.state === "rolling-back") await this.ensure(record.active);
      else if (isWorking(update)) await this.#work(update, record, signal);
      return { type: "done" };
    } catch (error) {
      throwIfAborted(signal);
      const fault = diskErrorIn(error, `pipeline ${this.#pipeline}`, "BOARD");
      if (fault !== null) throw fault;
      const reported = toReportedError(error, `${update.state} pipeline ${this.#pipeline}`);
      return { type: "failed", error: reported };
    }
  }

  /**
   * Makes the pipeline run a version that is on disk, or nothing. Throws ARTIFACT_DIGEST, ENGINE_MISSING when it is not
   * there whole. `inherited`: an agent that built no engines put it to work.
   */
  async ensure(version: PipelineVersion | null, inherited = false): Promise<void> {
    const { supervisor, onEvent } = this.#options;
    const isRunning = supervisor.versionOf(this.#pipeline) !== null;
    if (version !== null && !isRunning) await this.#requireWhole(version, inherited);
    await makeRun(this.#pipeline, version, { supervisor, onEvent });
  }

  async #requireWhole(version: PipelineVersion, inherited: boolean): Promise<void> {
    const { objects, engines, enginesOf } = this.#options;
    for (const digest of objectsOf([version])) {
      if (await objects.verify(digest)) continue;
      throw new FleetError("ARTIFACT_DIGEST", `${digest} is missing or spoilt on disk`);
    }
    if (inherited) {
      for (const { digest } of allModels(version)) engines.runAsItIs(digest);
      return;
    }
    for (const { model, forms } of enginesOf(version)) {
      if (await engines.has(model, forms)) continue;
      const message = `There is no engine of ${model.digest} for this device`;
      throw new FleetError("ENGINE_MISSING", message);
    }
  }

  async #work({ state, target }: Working, record: PipelineRecord, signal: AbortSignal) {
    const { supervisor, loading, onEvent } = this.#options;
    const { version } = target;
    switch (state) {
      case "fetching":
        requireAnswerable(version);
        this.#receivedBytes = await this.#options.downloads.bringAll(allModels(version), signal);
        return;
      case "verifying":
        return this.#verify(version);
      case "building":
        return bringEngines(this.#options, version, signal);
      case "testing":
        return loading.take(() => this.#test(version, signal));
      case "swapping":
        return loading.take(async () => {
          throwIfAborted(signal);
          await putToWork(this.#pipeline, version, { supervisor, signal, onEvent });
        });
      case "watching":
        return supervisor.prove(this.#pipeline, record.trial?.formerFps ?? null, signal);
    }
  }

  /** Reads every object anew from disk before a pipeline is given it. */
  async #verify(version: PipelineVersion): Promise<void> {
    const { objects } = this.#options;
    for (const digest of objectsOf([version])) {
      objects.distrust(digest);
      if (await objects.verify(digest)) continue;
      throw new FleetError("ARTIFACT_DIGEST", `${digest} was spoilt on disk and is removed`);
    }
  }

  /**
   * New models are tried before any frame meets them; where nothing runs yet, its start is the trial, and where there is no
   * room for it beside the one at work, its exchange.
   */
  async #test(version: PipelineVersion, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const { supervisor } = this.#options;
    const change = changeBetween(supervisor.versionOf(this.#pipeline), version);
    if (change !== "swap-model" && change !== "replace") return;
    await supervisor.test(version, signal).catch((error: unknown) => {
      const inTurn = change === "swap-model" && supervisor.canSwapModel(version);
      if (!inTurn || !isFleetError(error, "MODEL_MEMORY")) throw error;
    });
    // In a runner whose model is exchanged the others stay as they are.
    if (change === "replace") await supervisor.testSecondary(version, signal);
  }
}
