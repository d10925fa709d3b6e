import type { NativePipelineOptions } from "../../native/binding/api.ts";
import type { NativePaths } from "../config.ts";
import type { PipelineVersion } from "../update/device-state.ts";
import { PipelineOptions } from "./ipc.ts";

export interface NativeContext {
  native: NativePaths;
  threads: number;
  objectPath: (digest: string) => string;
}

const SOURCE_TIMEOUT_MS = 5000;
const STATS_INTERVAL_MS = 1000;
/** Waiting in a batch is latency: below one frame's time at 30 fps, so that a lone camera's frames go out one by one. */
const BATCH_MS = 30;

/** A pipeline of the desired document in the terms of the addon. */
export function nativeOptions(
  { spec, model }: PipelineVersion,
  { native, threads, objectPath }: NativeContext,
): NativePipelineOptions {
  const [source] = Object.values(spec.sources);
  return PipelineOptions.parse({
    name: spec.name,
    source: {
      uri: source?.uri,
      transport: source?.transport,
      loop: source?.loop,
      timeoutMs: SOURCE_TIMEOUT_MS,
    },
    model: {
      path: objectPath(model.digest),
      labels: model.labels,
      decoder: model.decoder,
      minScore: spec.detect.minScore,
      nmsIou: spec.detect.nmsIou,
      backendPath: native.backendPath,
      runtimePath: native.runtimePath,
      threads,
    },
    track: spec.track ?? null,
    statsIntervalMs: STATS_INTERVAL_MS,
    batchMs: BATCH_MS,
  });
}
