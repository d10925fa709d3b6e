import { performance } from "node:perf_hooks";
import {
  type EngineBuild,
  type KeptEngine,
  MAX_ENGINES,
  type RunningEngine,
} from "../../fleet/contract/index.ts";
import { type EngineKey, expectedBuildMs } from "../../fleet/engine/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import { Turns } from "../update/turns.ts";
import type { BuildState } from "./build-once.ts";
import { keptEngine } from "./kept-engine.ts";
import { type MakeOptions, type Making, makeEngine } from "./make-engine.ts";
import type { EngineForm, EngineModel, EngineRecipe, Recipes } from "./recipes.ts";
import { HeldClaim } from "./share/held-claim.ts";

export interface EnginesOptions extends MakeOptions {
  recipes: Recipes;
  /** Models that something runs, is about to run, or is to go back to. */
  modelsInUse: () => readonly EngineModel[];
}

export interface EnginePlace {
  path: string;
  digest: string;
}

interface Build extends Making {
  done: Promise<void>;
}

/**
 * Engines of the models that this device runs: found in the store, or built, one at a time.
 *
 * INVARIANTS:
 * - at most one build for a key. It ends early when no pipeline wants its model any more, and for nothing else: a
 *   pipeline of another version with the same model goes on waiting for the same build.
 * - what is told to be there was read and found to be what was built.
 */
export class Engines {
  readonly #options: EnginesOptions;
  readonly #builds = new Map<string, Build>();
  readonly #turns = new Turns();
  readonly #asTheyAre = new Set<string>();

  constructor(options: EnginesOptions) {
    this.#options = options;
  }

  /** Where the engine of a model lies. Throws ENGINE_MISSING, NATIVE_LOAD. */
  placeOf(model: EngineModel, form: EngineForm): EnginePlace {
    const { store, objectPath } = this.#options;
    const { digest } = model;
    const asItIs = form === "cpu" && this.#asTheyAre.has(digest);
    const key = asItIs ? this.#tryKey(model, form) : this.#recipeOf(model, form).key;
    const place = key && store.placeOf(key.digest);
    if (place) return place;
    if (asItIs) return { path: objectPath(digest), digest };
    throw new FleetError(
      "ENGINE_MISSING",
      `Expected an engine of model ${digest} for ${form} but there is none`,
    );
  }

  /** What is reported of the engine of a model; undefined while there is none. */
  report(model: EngineModel, form: EngineForm): RunningEngine | undefined {
    const key = this.#tryKey(model, form);
    const note = key && this.#options.store.noteOf(key.digest);
    if (!key || note?.outcome !== "built") return undefined;
    const { digest, sizeBytes, atMs: builtAtMs } = note;
    return { key: key.digest, digest, sizeBytes, builtAtMs };
  }

  /** All that is known, the newest first, as far as a report goes. */
  list(): KeptEngine[] {
    const { store, recipes } = this.#options;
    const used = this.keysInUse();
    const all = store.all().map((note) => {
      const key = sha256Digest(note.key);
      const inUse = used.has(key);
      const current = inUse || recipes.keysOf({ digest: note.model }).includes(key);
      return keptEngine(note, { current, inUse });
    });
    return all.sort((a, b) => b.atMs - a.atMs).slice(0, MAX_ENGINES);
  }

  /** The build that is under way for a model; null when there is none. */
  building(model: string): EngineBuild | null {
    const build = [...this.#builds.values()].find((one) => one.model.digest === model);
    if (build === undefined) return null;
    const { workedMs, ...state } = build.state;
    // In whole seconds, so that a report is not a new one with each look at it.
    const elapsedMs = Math.floor(workedMs() / 1000) * 1000;
    const { name, digest, sizeBytes } = build.model;
    const expectedMs = expectedBuildMs(sizeBytes, build.form, this.#options.store.all());
    const common = { model: name, modelDigest: digest, accelerator: build.form };
    return { ...common, ...state, elapsedMs, ...(expectedMs !== null && { expectedMs }) };
  }

  /** Whether there are these engines of a model, whole. One that is not is removed, and an event says why. */
  async has(model: EngineModel, forms: readonly EngineForm[]): Promise<boolean> {
    for (const form of forms) {
      if (!(await this.#hasKey(this.#recipeOf(model, form).key))) return false;
    }
    return true;
  }

  async #hasKey(key: EngineKey): Promise<boolean> {
    try {
      return (await this.#options.store.verify(key.digest)) !== null;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.tellRefused(error);
      return false;
    }
  }

  /**
   * A model that an agent without engines put to work runs as it is, which this backend can, until an update brings its
   * engine: the change of agents must not darken a pipeline for as long as a build takes.
   */
  runAsItIs(model: string): void {
    this.#asTheyAre.add(model);
  }

  /**
   * Resolves once there are these engines of the model, whole. Throws what is known to be wrong with the model, at once;
   * what keeps one from being built; CANCELLED when the signal is given: the build goes on if another version wants it.
   */
  async bring(
    model: ModelManifest,
    forms: readonly EngineForm[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const form of forms) await this.#bring(model, form, signal);
  }

  async #bring(model: ModelManifest, form: EngineForm, signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const recipe = this.#recipeOf(model, form);
      const { key } = recipe;
      const note = this.#options.store.noteOf(key.digest);
      if (note?.outcome === "unbuildable") {
        const { code, message } = note.error;
        throw new FleetError(code as FleetError["code"], `${message} (${KNOWN})`);
      }
      this.#options.store.distrust(key.digest);
      if (!this.#builds.has(key.digest) && (await this.#hasKey(key))) return;
      const ending = this.#builds.get(key.digest);
      if (ending?.abort.signal.aborted) await ending.done.catch(() => undefined);
      else return await this.#join(ending ?? this.#start(model, form, recipe), signal);
    }
  }

  /** Keys of what something runs, is about to run, or is to go back to. */
  keysInUse(): Set<string> {
    const { modelsInUse, recipes } = this.#options;
    return new Set(modelsInUse().flatMap((model) => recipes.keysOf(model)));
  }

  /** Ends what nobody wants any more, and makes room; that it cannot be made is told and stops nothing. */
  async clear(): Promise<void> {
    this.#endUnwanted();
    const { store, quotaBytes, log } = this.#options;
    const evicted = await store.evict(quotaBytes, this.keysInUse());
    if (evicted.length > 0)
      log.info("engines removed to keep the quota", { engines: evicted.length });
  }

  /** Offers what this device built before, for the hub may not have heard of it. */
  offerAgain(): void {
    const { store, sharing } = this.#options;
    const used = this.#digestsInUse();
    for (const note of store.all()) {
      if (note.outcome === "built" && used.has(note.model)) sharing.offer(note, null);
    }
  }

  async stop(): Promise<void> {
    const sharingEnds = this.#options.sharing.stop();
    const builds = [...this.#builds.values()];
    for (const { abort } of builds) abort.abort();
    await Promise.all(builds.map(({ done }) => done.catch(() => undefined)));
    await sharingEnds;
  }

  /** Of one that was found to be foreign, cut or altered. */
  tellRefused({ code, message }: FleetError): void {
    this.#options.onEvent({ kind: "engine-refused", message: `${code}: ${message}` });
  }

  #digestsInUse(): Set<string> {
    return new Set(this.#options.modelsInUse().map(({ digest }) => digest));
  }

  #recipeOf(model: EngineModel, form: EngineForm): EngineRecipe {
    return this.#options.recipes.of(model, form);
  }

  /** Null where nobody can say what this machine is. */
  #tryKey(model: EngineModel, form: EngineForm): EngineKey | null {
    try {
      return this.#recipeOf(model, form).key;
    } catch (error) {
      if (isFleetError(error, "NATIVE_LOAD")) return null;
      throw error;
    }
  }

  #start(model: ModelManifest, form: EngineForm, recipe: EngineRecipe): Build {
    const { key } = recipe;
    const startedAtMs = performance.now();
    const build: Build = {
      model,
      form,
      abort: new AbortController(),
      state: {
        ...{ phase: "asking the hub for it", progress: 0, waitsFor: null },
        // Until it is built here: how long another's is asked and waited for.
        workedMs: () => performance.now() - startedAtMs,
      },
      done: Promise.resolve(),
    };
    this.#builds.set(key.digest, build);
    build.done = this.#findOrBuild(build, recipe).finally(() => {
      this.#builds.delete(key.digest);
      this.#options.onProgress();
    });
    // Whoever waits is told; a build that everybody left tells nobody.
    build.done.catch(() => undefined);
    return build;
  }

  async #join(build: Build, signal: AbortSignal): Promise<void> {
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(new FleetError("CANCELLED", "Superseded or stopped"));
      signal.addEventListener("abort", leave);
    });
    try {
      await Promise.race([build.done, left]);
    } finally {
      signal.removeEventListener("abort", leave);
      this.#endUnwanted();
    }
  }

  #endUnwanted(): void {
    const wanted = this.#digestsInUse();
    for (const { model, abort } of this.#builds.values()) {
      if (!wanted.has(model.digest)) abort.abort();
    }
  }

  /** Waiting for another device keeps no other model from its build here. */
  async #findOrBuild(build: Build, recipe: EngineRecipe): Promise<void> {
    const { sharing, onProgress, log } = this.#options;
    const { model, form, abort, state } = build;
    const show = (change: Partial<BuildState>): void => {
      Object.assign(state, change);
      onProgress();
    };
    const found = await sharing.find({ model, form, recipe }, show, abort.signal);
    if (found instanceof HeldClaim) {
      found.shows(() => state);
      show({ phase: "waiting for its turn", progress: 0, workedMs: () => 0 });
      await this.#turns.take(() => makeEngine(build, recipe, found, this.#options));
    }
    await this.clear().catch((error: unknown) =>
      log.error("engines beyond the quota are not removed", error),
    );
  }
}

const KNOWN =
  "as an earlier build of the same model on this very machine found; it is not tried again";

function isRefusal(error: unknown): error is FleetError {
  return (
    isFleetError(error, "ENGINE_CUT") ||
    isFleetError(error, "ENGINE_ALTERED") ||
    isFleetError(error, "ENGINE_MISSING")
  );
}
