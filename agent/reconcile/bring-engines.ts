import type { ModelManifest } from "../../fleet/spec/index.ts";
import type { Engines } from "../engine/engines.ts";
import type { EngineForm } from "../engine/recipes.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";

export interface NeededEngines {
  model: ModelManifest;
  forms: EngineForm[];
}

export interface EngineNeeds {
  engines: Pick<Engines, "bring">;
  /** Before engines of a version are asked for: makes what they are built with. */
  prepare: (version: PipelineVersion, signal: AbortSignal) => Promise<void>;
  /** What engines a version's models need here. */
  enginesOf: (version: PipelineVersion) => NeededEngines[];
}

/** Has all engines of a version built or fetched that are not there. Throws as `prepare` and `Engines.bring` do. */
export async function bringEngines(
  { engines, prepare, enginesOf }: EngineNeeds,
  version: PipelineVersion,
  signal: AbortSignal,
): Promise<void> {
  await prepare(version, signal);
  for (const { model, forms } of enginesOf(version)) await engines.bring(model, forms, signal);
}
