import { type PipelineSpec, regionOf } from "../../fleet/spec/index.ts";
import type { NativePaths } from "../config.ts";
import type { EnginePlace } from "../engine/engines.ts";
import type { EngineForm, EngineModel } from "../engine/recipes.ts";
import { MACHINE, type PipelineVersion, versionDigest } from "../update/pipeline-version.ts";
import { analyticsOptions } from "./analytics-options.ts";
import { ModelOptions, PipelineOptions, type SourceOptions } from "./ipc.ts";
import { ownDecoder } from "./own-decoder.ts";
import { type Placing, siliconOptions } from "./place-on-silicon.ts";

export interface NativeContext {
  native: NativePaths;
  threads: number;
  /** Of the engine of a model. Throws ENGINE_MISSING. */
  engineOf: (model: EngineModel, form: EngineForm) => EnginePlace;
  /** Where an object lies on this disk. */
  objectPath: (digest: string) => string;
  /** Where a version's model works on the board's accelerators, or why on the processor. */
  placeOf: (version: PipelineVersion) => Placing;
}

const SOURCE_TIMEOUT_MS = 5000;
const STATS_INTERVAL_MS = 1000;
/** Long enough to gather a burst; a frame that comes alone does not wait. */
const BATCH_MS = 10;

/** The model of a pipeline in the terms of the addon. Throws ENGINE_MISSING, DECODER_MACHINE. */
export function modelOptions(
  version: PipelineVersion,
  { native, threads, engineOf, objectPath, placeOf }: NativeContext,
): ModelOptions {
  const { spec, model } = version;
  const { preprocess } = spec.detect;
  const { place } = placeOf(version);
  return ModelOptions.parse({
    id: versionDigest(version),
    ...(place === null
      ? {
          ...engineOf(model, "cpu"),
          backendPath: native.backendPath,
          runtimePath: native.runtimePath,
        }
      : siliconOptions(place, (form) => engineOf(model, form))),
    labels: model.labels,
    decoder: model.decoder,
    library: ownDecoder(model, MACHINE, objectPath),
    input: model.input,
    anchors: model.anchors,
    minScore: spec.detect.minScore,
    nmsIou: spec.detect.nmsIou,
    threads,
    ...(preprocess !== undefined && preprocess !== "auto" && { preprocess }),
  });
}

/** Sources of a pipeline in the terms of the addon. */
export function sourceOptions({ sources, detect }: PipelineSpec): SourceOptions[] {
  return Object.entries(sources).map(([name, source]) => {
    const { uri, transport, loop, stallTimeoutMs, tls } = source;
    const region = regionOf(name, detect.regions);
    return {
      name,
      uri,
      transport,
      loop,
      timeoutMs: SOURCE_TIMEOUT_MS,
      stallTimeoutMs,
      tls,
      region,
    };
  });
}

/** A pipeline of the desired document in the terms of the addon. */
export function nativeOptions(version: PipelineVersion, context: NativeContext): PipelineOptions {
  const { spec } = version;
  return PipelineOptions.parse({
    name: spec.name,
    sources: sourceOptions(spec),
    model: modelOptions(version, context),
    track: spec.track ?? null,
    detectInterval: spec.detect.interval,
    ...(spec.analytics && { analytics: analyticsOptions(spec.analytics) }),
    motion: spec.detect.motion,
    statsIntervalMs: STATS_INTERVAL_MS,
    batchMs: BATCH_MS,
  });
}
