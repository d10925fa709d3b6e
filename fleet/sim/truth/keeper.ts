import type { Detections } from "../../contract/index.ts";
import type { MessageInfo } from "../../hub/client/index.ts";
import { PipelineTruth } from "./pipeline-truth.ts";
import type { TruthReport } from "./report.ts";
import { NOTHING_KNOWN, type SceneTruth } from "./scene-truth.ts";

/** Compares every detection of a fleet with what its simulated camera showed. */
export class TruthKeeper {
  readonly #truth: SceneTruth;
  readonly #seed: number;
  readonly #pipelines = new Map<string, PipelineTruth>();
  /** Batches are scored one after the other, in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();

  constructor(truth: SceneTruth, seed: number) {
    this.#truth = truth;
    this.#seed = seed;
  }

  add(batch: Detections, info: Pick<MessageInfo, "device" | "receivedAtMs">): Promise<void> {
    this.#queue = this.#queue.then(() => this.#score(batch, info));
    return this.#queue;
  }

  report(atMs: number): TruthReport {
    const pipelines = [...this.#pipelines.values()];
    return {
      atMs,
      pid: process.pid,
      seed: this.#seed,
      runs: pipelines.flatMap((pipeline) => pipeline.runs()),
      swaps: pipelines.flatMap((pipeline) => pipeline.swaps),
    };
  }

  async #score(
    batch: Detections,
    info: Pick<MessageInfo, "device" | "receivedAtMs">,
  ): Promise<void> {
    const truths = await Promise.all(
      batch.frames.map(({ sourceFrame }) =>
        sourceFrame === null ? Promise.resolve(NOTHING_KNOWN) : this.#truth.of(sourceFrame),
      ),
    );
    const key = `${info.device}/${batch.pipeline}`;
    const pipeline = this.#pipelines.get(key) ?? new PipelineTruth(info.device, batch.pipeline);
    this.#pipelines.set(key, pipeline);
    pipeline.add(batch, truths, info.receivedAtMs);
    const newest = batch.frames.at(-1)?.sourceFrame;
    // A pipeline may lag behind another by some seconds, not by minutes.
    if (typeof newest === "number") this.#truth.forgetBefore(newest - 1800);
  }
}
