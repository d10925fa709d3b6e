import { z } from "zod";
import { ModelManifest, PipelineSpec } from "../../fleet/spec/index.ts";

/** All that is needed to run one pipeline: its part of the desired document and the model it names. */
export const PipelineVersion = z.object({ spec: PipelineSpec, model: ModelManifest });
export type PipelineVersion = z.infer<typeof PipelineVersion>;

export function objectsOf(versions: readonly PipelineVersion[]): string[] {
  return [...new Set(versions.map(({ model }) => model.digest))].sort();
}
