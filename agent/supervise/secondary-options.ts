import { SECONDARY_MIN_SCORE } from "../../fleet/spec/index.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";
import type { ModelOptions, SecondaryOptions } from "./ipc/pipeline.ts";
import { type NativeContext, optionsOfModel } from "./model-options.ts";

/** One of a pipeline's secondary models in the terms of the addon, named by its digest. Throws ENGINE_MISSING. */
export function secondaryModelOptions(
  version: PipelineVersion,
  name: string,
  context: NativeContext,
): ModelOptions {
  const model = version.secondaryModels?.[name];
  if (model === undefined) throw new RangeError(`No secondary model ${name}`);
  const { minScore = SECONDARY_MIN_SCORE } = version.spec.secondary?.[name] ?? {};
  const placing = context.placeOf(version, name);
  // It finds no boxes that overlap.
  return optionsOfModel(model, placing, { id: model.digest, minScore, nmsIou: 1 }, context);
}

/** All of a pipeline's secondary models; undefined where it has none. */
export function secondaryOptions(
  version: PipelineVersion,
  context: NativeContext,
): SecondaryOptions[] | undefined {
  const { secondary } = version.spec;
  if (secondary === undefined) return undefined;
  return Object.entries(secondary).map(([name, { labels, minHeight, refreshMs, minScore }]) => ({
    name,
    model: secondaryModelOptions(version, name, context),
    labels,
    minScore: minScore ?? SECONDARY_MIN_SCORE,
    minHeight,
    refreshMs,
  }));
}
