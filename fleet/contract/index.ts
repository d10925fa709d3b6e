export { Desired, SignedEnvelope } from "./desired.ts";
export { ModelSwappedData, UpdateEventData } from "./event-data.ts";
export {
  BoardFacts,
  PipelineState,
  Presence,
  Reported,
  ReportedError,
  ReportedPipeline,
  RunsOn,
  UpdateState,
} from "./reported.ts";
export {
  BoardStats,
  Box,
  DetectedFrame,
  Detection,
  Detections,
  FleetEvent,
  Percentiles,
  PipelineStats,
  StageStats,
  Stats,
  TrackedObject,
} from "./telemetry.ts";
export {
  CHANNELS,
  type ChannelName,
  type ParsedTopic,
  type Payload,
  parseTopic,
  topic,
  topicPrefix,
} from "./topics.ts";
export { CONTRACT_VERSION } from "./version.ts";
