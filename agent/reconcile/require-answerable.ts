import { FleetError } from "../../fleet/errors/index.ts";
import { secondaryProblems } from "../../fleet/spec/index.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";

/**
 * Throws SPEC_INVALID where a version's secondary models cannot answer. The provider refuses that in preview, by the very
 * same rules; whatever else signs a pipeline hears it from here, before anything is fetched.
 */
export function requireAnswerable({ spec, model, secondaryModels = {} }: PipelineVersion): void {
  const decoders = Object.entries(secondaryModels).map(
    ([name, { decoder }]) => [name, decoder] as const,
  );
  const [problem] = secondaryProblems(spec.secondary ?? {}, {
    isTracked: spec.secondary === undefined || spec.track !== undefined,
    labels: model.labels,
    decoders: Object.fromEntries(decoders),
  });
  if (problem === undefined) return;
  const { path, message, hint } = problem;
  const where = ["secondary", ...path].join(".");
  throw new FleetError("SPEC_INVALID", `${where} of ${spec.name} ${message}`, { hint });
}
