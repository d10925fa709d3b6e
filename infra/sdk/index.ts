export type { BoardName } from "../../fleet/spec/index.ts";
export { Device, type DeviceArgs, type SshArgs } from "./device.ts";
export { Model, type ModelArgs } from "./model.ts";
export {
  type DetectArgs,
  Pipeline,
  type PipelineArgs,
  type SinksArgs,
  type SourceArgs,
  type TrackArgs,
} from "./pipeline.ts";
export { Provider, type ProviderArgs } from "./provider.ts";
