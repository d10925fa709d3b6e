export {
  AnalyticsSpec,
  type AnalyticsWorld,
  analyticsProblems,
  LineSpec,
  MAX_LINES,
  MAX_ZONES,
  ZoneSpec,
} from "./analytics.ts";
export { DeviceContainer } from "./container.ts";
export {
  DecoderLibrary,
  type DecoderObject,
  DecoderObjects,
  Machine,
  MOST_LIBRARY_BYTES,
  machineOf,
} from "./decoder-library.ts";
export { BoardName, Clocks, DeviceSpec, SSH_SECRETS, SshSpec } from "./device.ts";
export { DeviceOwner, mayFollow, ownerText } from "./device-owner.ts";
export { Labels, labelsText } from "./labels.ts";
export { MaintenanceWindow, opensNext } from "./maintenance-window.ts";
export {
  Anchors,
  Decoder,
  isOwn,
  Label,
  MOST_TABLE_BYTES,
  ModelInput,
  ModelManifest,
  ModelSpec,
  objectsOfModel,
  UNSUPPORTED_MODEL_KEYS,
} from "./model.ts";
export { Digest, EpochMs, Name } from "./names.ts";
export { PackageFile } from "./package-file.ts";
export {
  AcceleratorChoice,
  BudgetSpec,
  checkDetect,
  DetectSpec,
  MAX_REGIONS,
  MAX_SOURCES,
  MotionSpec,
  PipelineSpec,
  PrecisionChoice,
  PreprocessChoice,
  partsOf,
  RegionSpec,
  RtspTransport,
  regionsOf,
  SinksSpec,
  SourceSpec,
  SourceUri,
  sourcesOf,
  TrackAlgorithm,
  TrackSpec,
  UNSUPPORTED_PIPELINE_KEYS,
  VideoSpec,
} from "./pipeline.ts";
export { PlanSummary } from "./plan-summary.ts";
export {
  MAX_SECONDARY,
  SECONDARY_DECODERS,
  SECONDARY_MIN_SCORE,
  SecondarySpec,
  secondariesOf,
  secondaryProblems,
} from "./secondary.ts";
export { UnreachablePolicy } from "./unreachable-policy.ts";
