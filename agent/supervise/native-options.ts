import { type PipelineSpec, regionsOf } from "../../fleet/spec/index.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";
import { analyticsOptions } from "./analytics-options.ts";
import { PipelineOptions, type SourceOptions } from "./ipc/pipeline.ts";
import { modelOptions, type NativeContext } from "./model-options.ts";
import { secondaryOptions } from "./secondary-options.ts";

const SOURCE_TIMEOUT_MS = 5000;
const STATS_INTERVAL_MS = 1000;
/** Long enough to gather a burst; a frame that comes alone does not wait. */
const BATCH_MS = 10;

/** Sources of a pipeline in the terms of the addon. */
export function sourceOptions({ sources, detect }: PipelineSpec): SourceOptions[] {
  return Object.entries(sources).map(([name, source]) => {
    const { uri, transport, loop, stallTimeoutMs, tls } = source;
    const regions = regionsOf(name, detect.regions);
    return {
      name,
      uri,
      transport,
      loop,
      timeoutMs: SOURCE_TIMEOUT_MS,
      stallTimeoutMs,
      tls,
      regions,
    };
  });
}

/** A pipeline of the desired document in the terms of the addon. */
export function nativeOptions(version: PipelineVersion, context: NativeContext): PipelineOptions {
  const { spec } = version;
  return PipelineOptions.parse({
    name: spec.name,
    sources: sourceOptions(spec),
    model: modelOptions(version, context),
    track: spec.track ?? null,
    detectInterval: spec.detect.interval,
    secondary: secondaryOptions(version, context),
    ...(spec.analytics && { analytics: analyticsOptions(spec.analytics) }),
    motion: spec.detect.motion,
    statsIntervalMs: STATS_INTERVAL_MS,
    batchMs: BATCH_MS,
  });
}
