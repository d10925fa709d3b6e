import { basename } from "node:path";
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
import type { NewEvent } from "../report/event-journal.ts";
import { toReportedError } from "../report/reported-error.ts";
import { Turns } from "../update/turns.ts";
import { type BuildState, buildOnce, type OneBuildOptions } from "./build-once.ts";
import type { BuiltNote } from "./engine-note.ts";
import type { EngineStore } from "./engine-store.ts";
import { keptEngine } from "./kept-engine.ts";
import type { EngineForm, EngineRecipe, Recipes } from "./recipes.ts";
import { judgeSelfTest, noteOfTest } from "./self-test.ts";
import { HeldClaim } from "./share/held-claim.ts";
import type { Sharing } from "./share/sharing.ts";

export interface EnginesOptions extends Omit<OneBuildOptions, "onChange"> {
  store: EngineStore;
  recipes: Recipes;
  /** Engines from and for other devices. */
  sharing: Sharing;
  /** Digests of models that something runs, is about to run, or is to go back to. */
  modelsInUse: () => ReadonlySet<string>;
  quotaBytes: number;
  onProgress: () => void;
  onEvent: (event: NewEvent) => void;
  /** Of an engine that was built here. */
  onBuilt: (note: BuiltNote) => void;
}

export interface EnginePlace {
  path: string;
  digest: string;
}

interface Build {
  model: ModelManifest;
  form: EngineForm;
  abort: AbortController;
  state: BuildState;
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
  placeOf(model: string, form: EngineForm): EnginePlace {
    const { store, objectPath } = this.#options;
    const asItIs = form === "cpu" && this.#asTheyAre.has(model);
    const key = asItIs ? this.#tryKey(model, form) : this.#recipeOf(model, form).key;
    const place = key && store.placeOf(key.digest);
    if (place) return place;
    if (asItIs) return { path: objectPath(model), digest: model };
    throw new FleetError(
      "ENGINE_MISSING",
      `Expected an engine of model ${model} for ${form} but there is none`,
    );
  }

  /** What is reported of the engine of a model; undefined while there is none. */
  report(model: string, form: EngineForm): RunningEngine | undefined {
    const key = this.#tryKey(model, form);
    const note = key && this.#options.store.noteOf(key.digest);
    if (!key || note?.outcome !== "built") return undefined;
    const { digest, sizeBytes, atMs: builtAtMs } = note;
    return { key: key.digest, digest, sizeBytes, builtAtMs };
  }

  /** All that is known, the newest first, as far as a report goes. */
  list(): KeptEngine[] {
    const { store, recipes, modelsInUse } = this.#options;
    const inUse = modelsInUse();
    const all = store.all().map((note) => {
      const current = recipes.keysOf(note.model).includes(sha256Digest(note.key));
      return keptEngine(note, { current, inUse: current && inUse.has(note.model) });
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
  async has(model: string, forms: readonly EngineForm[]): Promise<boolean> {
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
      const recipe = this.#recipeOf(model.digest, form);
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
    return new Set([...modelsInUse()].flatMap((model) => recipes.keysOf(model)));
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
    const { store, sharing, modelsInUse } = this.#options;
    for (const note of store.all()) {
      if (note.outcome === "built" && modelsInUse().has(note.model)) sharing.offer(note, null);
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

  #recipeOf(model: string, form: EngineForm): EngineRecipe {
    return this.#options.recipes.of(model, form);
  }

  /** Null where nobody can say what this machine is. */
  #tryKey(model: string, form: EngineForm): EngineKey | null {
    try {
      return this.#recipeOf(model, form).key;
    } catch (error) {
      if (isFleetError(error, "NATIVE_LOAD")) return null;
      throw error;
    }
  }

  #start(model: ModelManifest, form: EngineForm, recipe: EngineRecipe): Build {
    const { key } = recipe;
    const build: Build = {
      model,
      form,
      abort: new AbortController(),
      state: { phase: "asking the hub for it", progress: 0, waitsFor: null, workedMs: () => 0 },
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
    const wanted = this.#options.modelsInUse();
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
      show({ phase: "waiting for its turn", progress: 0 });
      await this.#turns.take(() => this.#build(build, recipe, found));
    }
    await this.clear().catch((error: unknown) =>
      log.error("engines beyond the quota are not removed", error),
    );
  }

  async #build(build: Build, recipe: EngineRecipe, claim: HeldClaim): Promise<void> {
    const { onEvent, sharing } = this.#options;
    const { model } = build;
    const { key } = recipe;
    const startedAtMs = performance.now();
    try {
      const note = await this.#make(build, recipe);
      const took = `in ${note.seconds.toFixed(1)} s: ${note.sizeBytes} bytes`;
      const message = `The engine of ${model.name} was built ${took}`;
      this.#options.onBuilt(note);
      const { attestation: _attestation, key: _key, selfTest, ...told } = note;
      const data = { ...told, keyDigest: key.digest, ofModel: selfTest?.ofModel ?? null };
      onEvent({ kind: "engine-built", message, data });
      sharing.offer(note, claim);
    } catch (error) {
      void claim.end(isFleetError(error, "MODEL_INVALID") ? error : null);
      const seconds = (performance.now() - startedAtMs) / 1000;
      if (isFleetError(error, "MODEL_INVALID")) await this.#remember(build, key, seconds, error);
      throw error;
    }
  }

  #make(build: Build, recipe: EngineRecipe): Promise<BuiltNote> {
    const { store, quotaBytes, onProgress, sharing, log } = this.#options;
    const { model, form, abort } = build;
    const { key } = recipe;
    return buildOnce(model, recipe, abort.signal, {
      ...this.#options,
      onChange: (state) => {
        const before = build.state.waitsFor;
        Object.assign(build.state, state);
        this.#tellWait(model, before, build.state.waitsFor);
        onProgress();
      },
      keep: async ({ digest, sizeBytes, golden, untried }, seconds, bytes) => {
        requireWithin(quotaBytes, sizeBytes, model);
        if (untried) log.warn("an engine could not be tried", { reason: untried.message });
        const built: BuiltNote = {
          ...{ outcome: "built", key: key.text, model: model.digest, accelerator: form },
          ...{ digest, sizeBytes, seconds, atMs: Date.now(), origin: "built-here" },
          ...(golden && { selfTest: noteOfTest(golden.engine, judgeSelfTest(golden, null)) }),
        };
        const note = sharing.attest(built, backendName(recipe.build.backendPath));
        await store.put(key.digest, note, bytes);
        return note;
      },
    });
  }

  /** What is waited for is an event once, however often the board is looked at. */
  #tellWait(
    model: ModelManifest,
    before: EngineBuild["waitsFor"],
    now: EngineBuild["waitsFor"],
  ): void {
    if (now === null || now.code === before?.code) return;
    const message = `The engine of ${model.name} waits: ${now.code}: ${now.message}`;
    this.#options.onEvent({ kind: "engine-waits", message });
  }

  #remember(build: Build, key: EngineKey, seconds: number, error: FleetError): Promise<void> {
    const { model, form } = build;
    return this.#options.store.remember(key.digest, {
      ...{ outcome: "unbuildable", key: key.text, model: model.digest, accelerator: form },
      ...{ seconds, atMs: Date.now(), error: toReportedError(error, "building an engine") },
    });
  }
}

const KNOWN =
  "as an earlier build of the same model on this very machine found; it is not tried again";

function requireWithin(quotaBytes: number, sizeBytes: number, { name }: ModelManifest): void {
  if (sizeBytes <= quotaBytes) return;
  const message = `Expected an engine within the quota of ${quotaBytes} bytes but that of ${name} has ${sizeBytes}`;
  throw new FleetError("BOARD_DISK_FULL", message);
}

/** "onnxruntime" of ".../libjetfleet-backend-onnxruntime.so". */
function backendName(path: string): string {
  return basename(path).replace(/^libjetfleet-backend-|\.so$/g, "");
}

function isRefusal(error: unknown): error is FleetError {
  return (
    isFleetError(error, "ENGINE_CUT") ||
    isFleetError(error, "ENGINE_ALTERED") ||
    isFleetError(error, "ENGINE_MISSING")
  );
}
