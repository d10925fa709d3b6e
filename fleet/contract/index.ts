export { Desired, SignedEnvelope } from "./desired.ts";
export {
  JOURNAL_DROPPED,
  JOURNAL_STARTED,
  JournalDroppedData,
  JournalStartedData,
  ModelSwappedData,
  UpdateEventData,
} from "./event-data.ts";
export {
  BoardFacts,
  JournalHead,
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
  ChainId,
  DetectedFrame,
  Detection,
  Detections,
  DroppedRange,
  FleetEvent,
  MAX_DROPPED_RANGES,
  MAX_EVENT_BYTES,
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
