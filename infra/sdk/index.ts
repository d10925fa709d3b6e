export { Fleet, type FleetArgs } from "./fleet.ts";
export { Device, type DeviceArgs } from "./generated/device.ts";
export {
  type GetDeviceArgs,
  type GetDeviceResult,
  type GetFleetStatusResult,
  getDevice,
  getFleetStatus,
  type PlanEngineArgs,
  type PlanEngineResult,
  planEngine,
} from "./generated/functions.ts";
export { Model, type ModelArgs } from "./generated/model.ts";
export { Provider, type ProviderArgs } from "./generated/provider.ts";
export type * from "./generated/types.ts";
export { type DetectArgs, Pipeline, type PipelineArgs, type ScopeArgs } from "./pipeline.ts";
export { Site, type SiteArgs, type SitePipelineArgs } from "./site.ts";
