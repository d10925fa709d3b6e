export type {
  AcceleratorChoice,
  BoardName,
  Decoder,
  PrecisionChoice,
  PreprocessChoice,
  TrackAlgorithm,
  UnreachablePolicy,
} from "../../fleet/spec/index.ts";
export { Device, type DeviceArgs, type SshArgs } from "./device.ts";
export { Fleet, type FleetArgs } from "./fleet.ts";
export {
  type GetDeviceResult,
  type GetFleetStatusResult,
  getDevice,
  getFleetStatus,
  type PlanEngineArgs,
  planEngine,
} from "./functions.ts";
export { Model, type ModelArgs } from "./model.ts";
export {
  type BudgetArgs,
  type DetectArgs,
  type DeviceFacts,
  Pipeline,
  type PipelineArgs,
  type ScopeArgs,
  type SinksArgs,
  type SourceArgs,
  type TlsArgs,
  type TrackArgs,
  type VideoArgs,
} from "./pipeline.ts";
export { Provider, type ProviderArgs } from "./provider.ts";
export { Site, type SiteArgs, type SitePipelineArgs } from "./site.ts";
