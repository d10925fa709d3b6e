import { AnalyticsSpec, analyticsProblems, ModelManifest } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { isProperties, type Properties, propertyPath, reveal } from "../rpc/values.ts";

/** What lines and zones of checked inputs refer to and the pipeline does not have, as far as it is known. */
export function checkAnalytics(inputs: Properties): CheckFailure[] {
  const { analytics, track, sources, detect } = reveal(inputs) as Record<string, unknown>;
  const declared = AnalyticsSpec.safeParse(analytics);
  if (!declared.success) return [];
  const model = (detect as { model?: unknown } | undefined)?.model;
  const labels = ModelManifest.shape.labels.safeParse((model as { labels?: unknown })?.labels);
  return analyticsProblems(declared.data, {
    isTracked: track !== undefined,
    sources: isProperties(sources as Properties) ? Object.keys(sources as Properties) : [],
    labels: labels.success ? labels.data : null,
  }).map(({ path, message, hint }) => ({
    property: propertyPath(["analytics", ...path]),
    reason: message,
    hint,
  }));
}
