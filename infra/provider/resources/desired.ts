import { FORMER_CONTRACT, FormerDesired, type Reported } from "../../../fleet/contract/index.ts";
import {
  canonicalJson,
  openFormer,
  pipelineDigest,
  setDigestOf,
  sha256Digest,
} from "../../../fleet/release/index.ts";
import type { ModelManifest, PipelineSpec, PlanSummary } from "../../../fleet/spec/index.ts";

export interface DesiredBase {
  fleet: string;
  device: string;
  board: FormerDesired["board"];
  artifactUrl: string;
}

/** The pipelines and models of a device and what was planned for them, without what changes at every publication. */
export interface Content {
  pipelines: PipelineSpec[];
  models: ModelManifest[];
  plans?: Record<string, PlanSummary> | undefined;
}

/** The document inside a retained envelope. Throws DESIRED_UNSIGNED or a zod error when it is not ours. */
export function openDesired(envelope: unknown, publicKeyPem: string): FormerDesired {
  return FormerDesired.parse(JSON.parse(openFormer(envelope, publicKeyPem)));
}

/**
 * Puts one pipeline with its model in, in place of what had its name. Two pipelines may need models of the same
 * name and different content, as between two steps of one `up`; the later then gets a name of its own.
 */
export function withPipeline(
  content: Content,
  spec: PipelineSpec,
  manifest: ModelManifest,
  plan?: PlanSummary,
): { content: Content; specDigest: string } {
  const rest = withoutPipeline(content, spec.name);
  const model = nameApart(rest.models, manifest);
  const pipeline = { ...spec, detect: { ...spec.detect, model: model.name } };
  const models = rest.models.some(({ name }) => name === model.name)
    ? rest.models
    : [...rest.models, model];
  const pipelines = [...rest.pipelines, pipeline].sort((a, b) => (a.name < b.name ? -1 : 1));
  const plans = plan ? { ...rest.plans, [spec.name]: plan } : rest.plans;
  return {
    content: contentOf(pipelines, models, plans),
    specDigest: pipelineDigest(pipeline, model),
  };
}

/** Takes a pipeline out, and the models that nobody needs any more. */
export function withoutPipeline(content: Content, name: string): Content {
  const pipelines = content.pipelines.filter((pipeline) => pipeline.name !== name);
  const needed = new Set(pipelines.map(({ detect }) => detect.model));
  const models = content.models.filter((model) => needed.has(model.name));
  const { [name]: _gone, ...plans } = content.plans ?? {};
  return contentOf(pipelines, models, plans);
}

function contentOf(
  pipelines: PipelineSpec[],
  models: ModelManifest[],
  plans: Record<string, PlanSummary> = {},
): Content {
  // A device refuses keys that its version does not know, so what is empty is not said.
  return { pipelines, models, ...(Object.keys(plans).length > 0 && { plans }) };
}

function nameApart(models: ModelManifest[], manifest: ModelManifest): ModelManifest {
  const taken = models.find(({ name }) => name === manifest.name);
  if (!taken || canonicalJson(taken) === canonicalJson(manifest)) return manifest;
  const suffix = sha256Digest(canonicalJson(manifest)).slice(7, 15);
  return { ...manifest, name: `${manifest.name.slice(0, 54)}-${suffix}` };
}

/** Digest of a pipeline of the document, or null when the document has no such pipeline. */
export function digestIn(content: Content, name: string): string | null {
  const pipeline = content.pipelines.find((one) => one.name === name);
  const model = content.models.find((one) => one.name === pipeline?.detect.model);
  return pipeline && model ? pipelineDigest(pipeline, model) : null;
}

/** The next document. Its generation is above all that the device may have seen. */
export function composeDesired(
  base: DesiredBase,
  content: Content,
  previous: FormerDesired | null,
  reported: Reported | null,
  nowMs: number,
): FormerDesired {
  return FormerDesired.parse({
    contract: FORMER_CONTRACT,
    ...base,
    generation: Math.max(previous?.generation ?? 0, reported?.generation ?? 0) + 1,
    issuedAtMs: nowMs,
    setDigest: setDigestOf(content.models),
    ...content,
  });
}
