import { deviceResource } from "./device/device.ts";
import { modelResource } from "./model.ts";
import { pipelineResource } from "./pipeline.ts";
import type { Resource } from "./resource.ts";

export const RESOURCES: readonly Resource[] = [deviceResource, modelResource, pipelineResource];
export type { Known, Resource } from "./resource.ts";
