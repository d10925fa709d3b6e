import { performance } from "node:perf_hooks";
import type { EngineBuild } from "../../fleet/contract/index.ts";
import { builderOf } from "../../fleet/engine/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { isOwn, type ModelManifest } from "../../fleet/spec/index.ts";
import { throwIfAborted, wait } from "../../fleet/transfer/backoff.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { LayerPlan } from "../supervise/ipc/build.ts";
import type { LaunchRunner } from "../supervise/runner-child.ts";
import { BuildProcess, type BuiltEngine } from "./build-process.ts";
import type { BuiltNote } from "./engine-note.ts";
import { type Conditions, type HeatLimits, obstacleTo } from "./obstacle.ts";
import type { EngineForm, EngineRecipe } from "./recipes.ts";
import { goldenWish } from "./self-test.ts";
import type { TimingCaches } from "./timing-caches.ts";

export interface OneBuildOptions {
  launch: LaunchRunner;
  addonPath: string;
  objectPath: (digest: string) => string;
  conditions: () => Promise<Conditions>;
  heat: HeatLimits;
  /** Between two looks at the board. */
  lookMs: number;
  /** On a simulated board whose builds are to be slow: how long they last at least. */
  simulatedMs: () => Promise<number | null>;
  timings: Pick<TimingCaches, "pathOf" | "keep">;
  /** What was planned of an engine of a model for a form; null: nothing. */
  planOf: (model: string, form: EngineForm) => LayerPlan | null;
  log: Log;
  onChange: (state: Partial<BuildState>) => void;
}

export type BuildState = Pick<EngineBuild, "phase" | "progress" | "waitsFor" | "simulatedMs"> & {
  workedMs: () => number;
};

interface Keeping extends OneBuildOptions {
  keep: (
    built: BuiltEngine,
    seconds: number,
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<BuiltNote>;
}

/** What a build takes of the board. */
type Work = Parameters<typeof obstacleTo>[0];

function workOf({ sizeBytes }: Model, { build }: EngineRecipe): Work {
  return { modelBytes: sizeBytes, builder: builderOf(build.accelerator) };
}

type Model = Pick<
  ModelManifest,
  "digest" | "sizeBytes" | "decoder" | "labels" | "input" | "anchors"
>;

/**
 * Builds an engine as soon as the board has what it takes, and watches the board meanwhile: one that becomes hot has the
 * builder stand still; one that comes to its last memory or disk has it begin anew later. Throws what is wrong with
 * the model, what its process died of, what the disk says, and CANCELLED.
 */
export async function buildOnce(
  model: Model,
  recipe: EngineRecipe,
  signal: AbortSignal,
  options: Keeping,
): Promise<BuiltNote> {
  for (;;) {
    await clearWay(workOf(model, recipe), signal, options);
    try {
      return await attempt(model, recipe, signal, options);
    } catch (error) {
      throwIfAborted(signal);
      if (!isFleetError(error, "BOARD_MEMORY_LOW")) throw error;
      options.log.warn("a build begins anew once there is memory", { model: model.digest });
    }
  }
}

/** Waits until nothing that is known speaks against beginning. */
async function clearWay(work: Work, signal: AbortSignal, options: Keeping): Promise<void> {
  const { conditions, heat, lookMs, onChange } = options;
  for (;;) {
    throwIfAborted(signal);
    const obstacle = obstacleTo(work, "begin", await conditions(), heat);
    const phase = obstacle === null ? "starting the builder" : "waiting for the board";
    onChange({ phase, progress: 0, waitsFor: reported(obstacle) });
    if (obstacle === null) return;
    await wait(lookMs, signal);
  }
}

async function attempt(
  model: Model,
  recipe: EngineRecipe,
  signal: AbortSignal,
  options: Keeping,
): Promise<BuiltNote> {
  const { launch, addonPath, objectPath, timings, onChange, keep } = options;
  const simulatedMs = await options.simulatedMs();
  const clock = new WorkClock();
  const modelPath = objectPath(model.digest);
  const names = { modelPath, modelDigest: model.digest, engineKey: recipe.key.text };
  const { keepsTimings, calibration, ...build } = recipe.build;
  const plan = options.planOf(model.digest, recipe.form);
  const keptAt = keepsTimings ? await timings.pathOf(recipe.key.digest) : null;
  const builder = new BuildProcess({
    ...{ launch, addonPath, modelBytes: model.sizeBytes },
    build: {
      ...names,
      ...build,
      golden: isOwn(model.decoder) ? null : goldenWish(model, recipe),
      ...(plan !== null && { plan }),
      ...(calibration !== undefined && {
        calibration: { path: objectPath(calibration), digest: calibration },
      }),
      ...(keepsTimings && { timingCachePath: keptAt ?? "" }),
      ...(simulatedMs !== null && { simulatedMs }),
    },
    onProgress: (progress, phase) => onChange({ progress, phase }),
    onTimings: (cache) => {
      timings.keep(recipe.key.digest, cache).catch((error: unknown) => {
        options.log.warn("what a builder found out is not kept", { error: String(error) });
      });
    },
  });
  onChange({ workedMs: () => clock.ms, ...(simulatedMs !== null && { simulatedMs }) });
  const cancel = (): void => void builder.end(new FleetError("CANCELLED", "Superseded or stopped"));
  signal.addEventListener("abort", cancel);
  const stopLooking = look(workOf(model, recipe), builder, clock, options);
  try {
    const built = await builder.built();
    return await keep(built, clock.ms / 1000, builder.bytes());
  } finally {
    stopLooking();
    signal.removeEventListener("abort", cancel);
    await builder.end(new FleetError("CANCELLED", "The build is over"));
  }
}

/** Looks at the board again and again, until the returned function is called. */
function look(work: Work, builder: BuildProcess, clock: WorkClock, options: Keeping): () => void {
  const { conditions, heat, lookMs, onChange, log } = options;
  let isOver = false;
  const lookOnce = async (): Promise<void> => {
    const stage = clock.runs ? "under-way" : "standing";
    const obstacle = obstacleTo(work, stage, await conditions(), heat);
    if (isOver) return;
    onChange({ waitsFor: reported(obstacle) });
    if (obstacle !== null && obstacle.code !== "BOARD_HOT") return builder.end(obstacle);
    const isHot = obstacle !== null;
    if (isHot !== clock.runs) return;
    builder.freeze(isHot);
    clock.run(!isHot);
  };
  const timer = setInterval(() => {
    lookOnce().catch((error: unknown) => log.error("the board could not be looked at", error));
  }, lookMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** How long the builder worked; standing still does not count. */
class WorkClock {
  #beforeMs = 0;
  #sinceMs: number | null = performance.now();

  get runs(): boolean {
    return this.#sinceMs !== null;
  }

  get ms(): number {
    return this.#beforeMs + (this.#sinceMs === null ? 0 : performance.now() - this.#sinceMs);
  }

  run(isRunning: boolean): void {
    this.#beforeMs = this.ms;
    this.#sinceMs = isRunning ? performance.now() : null;
  }
}

function reported(obstacle: FleetError | null): EngineBuild["waitsFor"] {
  return obstacle && toReportedError(obstacle, "building an engine");
}
