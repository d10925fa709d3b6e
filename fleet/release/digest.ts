import { createHash } from "node:crypto";
import type { ModelManifest, PipelineSpec } from "../spec/index.ts";
import type { PipelineModels } from "./models.ts";

export function sha256Digest(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** JSON with sorted keys: equal values give equal text, whatever the order they were written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** One digest that names all models of a desired document. */
export function setDigestOf(models: readonly ModelManifest[]): string {
  const sorted = [...models].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sha256Digest(canonicalJson(sorted));
}

/** Names one version of a pipeline together with the bytes of its models: what a device puts to work, and no more. */
export function pipelineDigest(
  spec: PipelineSpec,
  { model, secondaryModels }: PipelineModels,
): string {
  return sha256Digest(canonicalJson({ spec: actedOn(spec), model, secondaryModels }));
}

/**
 * The pipeline without what it is only planned with and judged by: its budget, which a device holds whatever version runs
 * against, and what its cameras are said to send.
 */
export function actedOn({ budget: _budget, sources, ...acted }: PipelineSpec): PipelineSpec {
  const opened = Object.entries(sources).map(([name, { video: _video, ...source }]) => [
    name,
    source,
  ]);
  return { ...acted, sources: Object.fromEntries(opened) as PipelineSpec["sources"] };
}
