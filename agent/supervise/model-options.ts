import type { ModelManifest } from "../../fleet/spec/index.ts";
import type { NativePaths } from "../config.ts";
import type { EnginePlace } from "../engine/engines.ts";
import type { EngineForm, EngineModel } from "../engine/recipes.ts";
import { MACHINE, type PipelineVersion, versionDigest } from "../update/pipeline-version.ts";
import { ModelOptions } from "./ipc/pipeline.ts";
import { ownDecoder } from "./own-decoder.ts";
import { type Placing, siliconOptions } from "./place-on-silicon.ts";

export interface NativeContext {
  native: NativePaths;
  threads: number;
  /** Of the engine of a model. Throws ENGINE_MISSING. */
  engineOf: (model: EngineModel, form: EngineForm) => EnginePlace;
  /** Where an object lies on this disk. */
  objectPath: (digest: string) => string;
  /** Where a version's model, or that secondary one, works on the board's accelerators, or why on the processor. */
  placeOf: (version: PipelineVersion, secondary?: string) => Placing;
}

/** The model that detects in a pipeline, in the terms of the addon. Throws ENGINE_MISSING, DECODER_MACHINE. */
export function modelOptions(version: PipelineVersion, context: NativeContext): ModelOptions {
  const { preprocess, minScore, nmsIou } = version.spec.detect;
  const chosen = preprocess !== undefined && preprocess !== "auto" && { preprocess };
  const given = { id: versionDigest(version), minScore, nmsIou, ...chosen };
  return optionsOfModel(version.model, context.placeOf(version), given, context);
}

/** Any model in the terms of the addon; `given` is what the manifest does not say. Throws as `modelOptions`. */
export function optionsOfModel(
  model: ModelManifest,
  { place }: Placing,
  given: Pick<ModelOptions, "id" | "minScore" | "nmsIou" | "preprocess">,
  { native, threads, engineOf, objectPath }: NativeContext,
): ModelOptions {
  return ModelOptions.parse({
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
    threads,
    ...given,
  });
}
