import { z } from "zod";
import { actedOn, allModels, canonicalJson, pipelineDigest } from "../../fleet/release/index.ts";
import {
  ModelManifest,
  machineOf,
  Name,
  objectsOfModel,
  PipelineSpec,
} from "../../fleet/spec/index.ts";

/** All that is needed to run one pipeline: its part of the desired document and the models it names. */
export const PipelineVersion = z.object({
  spec: PipelineSpec,
  /** What `detect` names. */
  model: ModelManifest,
  /** What `secondary` names, by the names there; absent where it has none. */
  secondaryModels: z.record(Name, ModelManifest).optional(),
});
export type PipelineVersion = z.infer<typeof PipelineVersion>;

/** Of the machine that this agent runs on. */
export const MACHINE = machineOf(process.arch);

/** Digests of all that this machine needs of them. */
export function objectsOf(versions: readonly PipelineVersion[]): string[] {
  const objects = versions.flatMap(allModels).flatMap((model) => objectsOfModel(model, MACHINE));
  return [...new Set(objects.map(({ digest }) => digest))].sort();
}

export function versionDigest(version: PipelineVersion): string {
  return pipelineDigest(version.spec, version);
}

export interface SourcesBetween {
  remove: string[];
  /** After that. One that is opened otherwise goes and comes again. */
  add: string[];
}

/** The way between two versions that differ in nothing but sources, one of which stays; else null. */
export function sourcesBetween(from: PipelineVersion, to: PipelineVersion): SourcesBetween | null {
  const rest = ({ spec, model, secondaryModels }: PipelineVersion) =>
    canonicalJson({ spec: { ...actedOn(spec), sources: null }, model, secondaryModels });
  if (rest(from) !== rest(to)) return null;
  const [before, after] = [actedOn(from.spec).sources, actedOn(to.spec).sources];
  const stays = (name: string) =>
    canonicalJson(before[name] ?? null) === canonicalJson(after[name] ?? null);
  const remove = Object.keys(before).filter((name) => !stays(name));
  const add = Object.keys(after).filter((name) => !stays(name));
  return remove.length < Object.keys(before).length ? { remove, add } : null;
}

/** True when two versions differ in nothing but the model that detects and what is done with its output. */
export function isModelChange(from: PipelineVersion, to: PipelineVersion): boolean {
  const rest = ({ spec, secondaryModels }: PipelineVersion) => {
    const { interval = 1, motion = null, regions = [] } = spec.detect;
    const detect = { interval, motion, regions };
    return canonicalJson({ ...actedOn(spec), detect, secondaryModels });
  };
  return rest(from) === rest(to);
}
