import type { FormerDesired } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import {
  isModelChange,
  objectsOf,
  type PipelineVersion,
  versionDigest,
} from "../update/pipeline-version.ts";

/** What the device has, as far as it matters for getting to the desired document. */
export interface Actual {
  /** Digests of the objects that lie whole on disk. */
  objects: readonly string[];
  /** Pipelines that are started, whether or not frames flow at the moment. */
  pipelines: readonly PipelineVersion[];
  /** Objects of the set before the running one. */
  previousObjects: readonly string[];
}

export type Step =
  | { kind: "fetch"; digest: string; sizeBytes: number }
  | { kind: "verify"; digest: string }
  | { kind: "stop"; name: string }
  /** Another model in the same pipeline: it is exchanged between two frames. */
  | { kind: "swap-model"; from: PipelineVersion; to: PipelineVersion }
  /** Another source or tracker: the new version is started beside the running one. */
  | { kind: "replace"; from: PipelineVersion; to: PipelineVersion }
  | { kind: "start"; version: PipelineVersion }
  | { kind: "remove"; digest: string };

export type Exchange = Extract<Step, { kind: "swap-model" | "replace" }>;

/** True for steps that put a new version in the place of a running one. */
export function isExchange(step: Step): step is Exchange {
  return step.kind === "swap-model" || step.kind === "replace";
}

type PipelineStep = Exchange | Extract<Step, { kind: "stop" | "start" }>;

export function isPipelineStep(step: Step): step is PipelineStep {
  return isExchange(step) || step.kind === "stop" || step.kind === "start";
}

export function pipelineOf(step: PipelineStep): string {
  if (step.kind === "stop") return step.name;
  return step.kind === "start" ? step.version.spec.name : step.to.spec.name;
}

/**
 * The steps from what is to what is wanted, in order: objects first, then pipelines (those that go make room for
 * those that come), then objects that neither the wanted set nor the one before it uses. Nothing to do: [].
 */
export function plan(desired: readonly PipelineVersion[], actual: Actual): Step[] {
  const swaps = swapSteps(desired, actual.pipelines);
  return [...objectSteps(desired, actual.objects, swaps), ...swaps, ...removals(desired, actual)];
}

/** The versions a document asks for. Throws DESIRED_INVALID when a pipeline names a model that it lacks. */
export function versionsOf(desired: FormerDesired): PipelineVersion[] {
  const models = new Map(desired.models.map((model) => [model.name, model]));
  return desired.pipelines.map((spec) => {
    const model = models.get(spec.detect.model);
    if (model) return { spec, model };
    throw new FleetError(
      "DESIRED_INVALID",
      `Pipeline ${spec.name} names model ${spec.detect.model}, which the document does not hold`,
    );
  });
}

function swapSteps(desired: readonly PipelineVersion[], running: readonly PipelineVersion[]) {
  const byName = new Map(running.map((version) => [version.spec.name, version]));
  const wanted = new Set(desired.map(({ spec }) => spec.name));
  const stops = running
    .filter(({ spec }) => !wanted.has(spec.name))
    .map(({ spec }): Step => ({ kind: "stop", name: spec.name }));
  const starts = desired.flatMap((to): Step[] => {
    const from = byName.get(to.spec.name);
    if (from === undefined) return [{ kind: "start", version: to }];
    if (versionDigest(from) === versionDigest(to)) return [];
    return [{ kind: isModelChange(from, to) ? "swap-model" : "replace", from, to }];
  });
  return [...stops, ...starts];
}

function objectSteps(
  desired: readonly PipelineVersion[],
  held: readonly string[],
  swaps: readonly Step[],
): Step[] {
  const models = new Map<string, ModelManifest>(desired.map(({ model }) => [model.digest, model]));
  const fetches = objectsOf(desired)
    .filter((digest) => !held.includes(digest))
    .map((digest): Step => ({ kind: "fetch", digest, sizeBytes: models.get(digest)!.sizeBytes }));
  const verifies = objectsOf(versionsToStart(swaps)).map(
    (digest): Step => ({ kind: "verify", digest }),
  );
  return [...fetches, ...verifies];
}

function versionsToStart(swaps: readonly Step[]): PipelineVersion[] {
  return swaps.flatMap((step) => {
    if (step.kind === "start") return [step.version];
    return isExchange(step) ? [step.to] : [];
  });
}

function removals(desired: readonly PipelineVersion[], actual: Actual): Step[] {
  const kept = new Set([
    ...objectsOf(desired),
    ...objectsOf(actual.pipelines),
    ...actual.previousObjects,
  ]);
  return actual.objects
    .filter((digest) => !kept.has(digest))
    .map((digest): Step => ({ kind: "remove", digest }));
}
