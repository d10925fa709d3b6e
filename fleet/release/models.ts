import type { ModelManifest, PipelineSpec } from "../spec/index.ts";

/** The models of a pipeline. */
export interface PipelineModels {
  /** What `detect` names. */
  model: ModelManifest;
  /** What `secondary` names, by the names there; absent where it has none. */
  secondaryModels?: Readonly<Record<string, ModelManifest>> | undefined;
}

/** The models that a pipeline names, out of these; else the name of one that is not among them. */
export function namedModels(
  { detect, secondary }: PipelineSpec,
  models: readonly ModelManifest[],
): PipelineModels | { missing: string } {
  const find = (wanted: string) => models.find(({ name }) => name === wanted);
  const model = find(detect.model);
  if (model === undefined) return { missing: detect.model };
  if (secondary === undefined) return { model };
  const secondaryModels: Record<string, ModelManifest> = {};
  for (const [name, { model: wanted }] of Object.entries(secondary)) {
    const found = find(wanted);
    if (found === undefined) return { missing: wanted };
    secondaryModels[name] = found;
  }
  return { model, secondaryModels };
}

/** Each once, what detects first. */
export function allModels({ model, secondaryModels = {} }: PipelineModels): ModelManifest[] {
  return [
    ...new Map([model, ...Object.values(secondaryModels)].map((one) => [keyOf(one), one])).values(),
  ];
}

/** Two of one name are told apart, for whoever holds them must refuse that. */
function keyOf({ name, digest }: ModelManifest): string {
  return `${name} ${digest}`;
}
