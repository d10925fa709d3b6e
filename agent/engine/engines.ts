import { performance } from "node:perf_hooks";
import {
  type EngineBuild,
  type KeptEngine,
  MAX_ENGINES,
  type RunningEngine,
} from "../../fleet/contract/index.ts";
import type { EngineKey } from "../../fleet/engine/index.ts";
import { FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { toReportedError } from "../report/reported-error.ts";
import { Turns } from "../update/turns.ts";
import { type BuildState, buildOnce, type OneBuildOptions } from "./build-once.ts";
import { type EngineHost, keyOn } from "./engine-host.ts";
import type { BuiltNote } from "./engine-note.ts";
import type { EngineStore } from "./engine-store.ts";
import { expectedBuildMs } from "./expected-time.ts";

export interface EnginesOptions extends Omit<OneBuildOptions, "onChange"> {
  store: EngineStore;
  /** This machine, or why nobody can say what it is. */
  host: EngineHost | FleetError;
  /** Digests of models that something runs, is about to run, or is to go back to. */
  modelsInUse: () => ReadonlySet<string>;
  quotaBytes: number;
  onProgress: () => void;
  onEvent: (event: NewEvent) => void;
}

type Model = Pick<ModelManifest, "name" | "digest" | "sizeBytes">;

export interface EnginePlace {
  path: string;
  digest: string;
}

interface Build {
  model: Model;
  abort: AbortController;
  state: BuildState;
  done: Promise<void>;
}

/** The reference backend has this one alone. */
const ACCELERATOR = "cpu";

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
  placeOf(model: string): EnginePlace {
    const { store, objectPath } = this.#options;
    const key = this.#asTheyAre.has(model) ? this.#tryKey(model) : this.#keyOf(model);
    const place = key && store.placeOf(key.digest);
    if (place) return place;
    if (this.#asTheyAre.has(model)) return { path: objectPath(model), digest: model };
    throw new FleetError(
      "ENGINE_MISSING",
      `Expected an engine of model ${model} but there is none`,
    );
  }

  /** What is reported of the engine of a model; undefined while there is none. */
  report(model: string): RunningEngine | undefined {
    const key = this.#tryKey(model);
    const note = key && this.#options.store.noteOf(key.digest);
    if (!key || note?.outcome !== "built") return undefined;
    const { digest, sizeBytes, atMs: builtAtMs } = note;
    return { key: key.digest, digest, sizeBytes, builtAtMs };
  }

  /** All that is known, the newest first, as far as a report goes. */
  list(): KeptEngine[] {
    const { store, modelsInUse } = this.#options;
    const inUse = modelsInUse();
    const all = store.all().map((note): KeptEngine => {
      const { model, accelerator, outcome, atMs, seconds } = note;
      const key = sha256Digest(note.key);
      const isOfNow = this.#tryKey(model)?.digest === key;
      const common = { key, model, accelerator, outcome, atMs, seconds };
      const shared = { ...common, inUse: isOfNow && inUse.has(model) };
      if (note.outcome === "unbuildable") return { ...shared, error: note.error };
      const { digest, sizeBytes, origin } = note;
      return { ...shared, digest, sizeBytes, origin };
    });
    return all.sort((a, b) => b.atMs - a.atMs).slice(0, MAX_ENGINES);
  }

  /** The build that is under way for a model; null when there is none. */
  building(model: string): EngineBuild | null {
    const key = this.#tryKey(model);
    const build = key && this.#builds.get(key.digest);
    if (!build) return null;
    const { workedMs, ...state } = build.state;
    // In whole seconds, so that a report is not a new one with each look at it.
    const elapsedMs = Math.floor(workedMs() / 1000) * 1000;
    const { name, digest, sizeBytes } = build.model;
    const expectedMs = expectedBuildMs(sizeBytes, ACCELERATOR, this.#options.store.all());
    const common = { model: name, modelDigest: digest, accelerator: ACCELERATOR };
    return { ...common, ...state, elapsedMs, ...(expectedMs !== null && { expectedMs }) };
  }

  /** Whether there is an engine of a model, whole. One that is not is removed, and an event says why. */
  async has(model: string): Promise<boolean> {
    const key = this.#keyOf(model);
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

  /** Has the bytes of an engine read anew before they are trusted again. */
  distrust(model: string): void {
    const key = this.#tryKey(model);
    if (key) this.#options.store.distrust(key.digest);
  }

  /**
   * Resolves once there is an engine of the model, whole. Throws what is known to be wrong with the model, at once; what
   * keeps it from being built; CANCELLED when the signal is given: the build goes on if another version wants it.
   */
  async bring(model: Model, signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const key = this.#keyOf(model.digest);
      const note = this.#options.store.noteOf(key.digest);
      if (note?.outcome === "unbuildable") {
        const { code, message } = note.error;
        throw new FleetError(code as FleetError["code"], `${message} (${KNOWN})`);
      }
      this.distrust(model.digest);
      if (!this.#builds.has(key.digest) && (await this.has(model.digest))) return;
      const ending = this.#builds.get(key.digest);
      if (ending?.abort.signal.aborted) await ending.done.catch(() => undefined);
      else return await this.#join(ending ?? this.#start(model, key), signal);
    }
  }

  /** Ends what nobody wants any more, and makes room; that it cannot be made is told and stops nothing. */
  async clear(): Promise<void> {
    this.#endUnwanted();
    const { store, quotaBytes, modelsInUse, log } = this.#options;
    const inUse = [...modelsInUse()].flatMap((model) => this.#tryKey(model)?.digest ?? []);
    const evicted = await store.evict(quotaBytes, new Set(inUse));
    if (evicted.length > 0)
      log.info("engines removed to keep the quota", { engines: evicted.length });
  }

  async stop(): Promise<void> {
    const builds = [...this.#builds.values()];
    for (const { abort } of builds) abort.abort();
    await Promise.all(builds.map(({ done }) => done.catch(() => undefined)));
  }

  /** Of one that was found to be foreign, cut or altered. */
  tellRefused({ code, message }: FleetError): void {
    this.#options.onEvent({ kind: "engine-refused", message: `${code}: ${message}` });
  }

  #keyOf(model: string): EngineKey {
    const { host } = this.#options;
    if (host instanceof FleetError) throw host;
    return keyOn(host, model);
  }

  #tryKey(model: string): EngineKey | null {
    const { host } = this.#options;
    return host instanceof FleetError ? null : keyOn(host, model);
  }

  #start(model: Model, key: EngineKey): Build {
    const build: Build = {
      model,
      abort: new AbortController(),
      state: { phase: "waiting for its turn", progress: 0, waitsFor: null, workedMs: () => 0 },
      done: Promise.resolve(),
    };
    this.#builds.set(key.digest, build);
    build.done = this.#turns
      .take(() => this.#build(build, key))
      .finally(() => {
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

  async #build(build: Build, key: EngineKey): Promise<void> {
    const { onEvent, log } = this.#options;
    const { model } = build;
    const startedAtMs = performance.now();
    try {
      const note = await this.#make(build, key);
      const took = `in ${note.seconds.toFixed(1)} s: ${note.sizeBytes} bytes`;
      const message = `The engine of ${model.name} was built ${took}`;
      onEvent({ kind: "engine-built", message, data: { ...note, keyDigest: key.digest } });
    } catch (error) {
      const seconds = (performance.now() - startedAtMs) / 1000;
      if (isFleetError(error, "MODEL_INVALID")) await this.#remember(model, key, seconds, error);
      throw error;
    }
    await this.clear().catch((error: unknown) =>
      log.error("engines beyond the quota are not removed", error),
    );
  }

  #make(build: Build, key: EngineKey): Promise<BuiltNote> {
    const { store, quotaBytes, onProgress } = this.#options;
    const { model, abort } = build;
    return buildOnce(model, key.text, abort.signal, {
      ...this.#options,
      onChange: (state) => {
        const before = build.state.waitsFor;
        Object.assign(build.state, state);
        this.#tellWait(model, before, build.state.waitsFor);
        onProgress();
      },
      keep: async ({ digest, sizeBytes }, seconds, bytes) => {
        requireWithin(quotaBytes, sizeBytes, model);
        const note: BuiltNote = {
          ...{ outcome: "built", key: key.text, model: model.digest, accelerator: ACCELERATOR },
          ...{ digest, sizeBytes, seconds, atMs: Date.now(), origin: "built-here" },
        };
        await store.put(key.digest, note, bytes);
        return note;
      },
    });
  }

  /** What is waited for is an event once, however often the board is looked at. */
  #tellWait(model: Model, before: EngineBuild["waitsFor"], now: EngineBuild["waitsFor"]): void {
    if (now === null || now.code === before?.code) return;
    const message = `The engine of ${model.name} waits: ${now.code}: ${now.message}`;
    this.#options.onEvent({ kind: "engine-waits", message });
  }

  #remember(model: Model, key: EngineKey, seconds: number, error: FleetError): Promise<void> {
    return this.#options.store.remember(key.digest, {
      ...{ outcome: "unbuildable", key: key.text, model: model.digest, accelerator: ACCELERATOR },
      ...{ seconds, atMs: Date.now(), error: toReportedError(error, "building an engine") },
    });
  }
}

const KNOWN =
  "as an earlier build of the same model on this very machine found; it is not tried again";

function requireWithin(quotaBytes: number, sizeBytes: number, { name }: Model): void {
  if (sizeBytes <= quotaBytes) return;
  const message = `Expected an engine within the quota of ${quotaBytes} bytes but that of ${name} has ${sizeBytes}`;
  throw new FleetError("BOARD_DISK_FULL", message);
}

function isRefusal(error: unknown): error is FleetError {
  return (
    isFleetError(error, "ENGINE_CUT") ||
    isFleetError(error, "ENGINE_ALTERED") ||
    isFleetError(error, "ENGINE_MISSING")
  );
}
