import { z } from "zod";
import { actedOn, canonicalJson, pipelineDigest } from "../../fleet/release/index.ts";
import { ModelManifest, objectsOfModel, PipelineSpec } from "../../fleet/spec/index.ts";

/** All that is needed to run one pipeline: its part of the desired document and the model it names. */
export const PipelineVersion = z.object({ spec: PipelineSpec, model: ModelManifest });
export type PipelineVersion = z.infer<typeof PipelineVersion>;

export function objectsOf(versions: readonly PipelineVersion[]): string[] {
  const objects = versions.flatMap(({ model }) => objectsOfModel(model));
  return [...new Set(objects.map(({ digest }) => digest))].sort();
}

export function versionDigest({ spec, model }: PipelineVersion): string {
  return pipelineDigest(spec, model);
}

/** True when two versions differ in nothing but the model and what is done with its output. */
export function isModelChange(from: PipelineVersion, to: PipelineVersion): boolean {
  const rest = ({ spec }: PipelineVersion) => {
    const { interval = 1, motion = null, regions = [] } = spec.detect;
    return canonicalJson({ ...actedOn(spec), detect: { interval, motion, regions } });
  };
  return rest(from) === rest(to);
}
