export {
  ANALYTICS_DROPPED,
  ANALYTICS_KINDS,
  AnalyticsDroppedData,
  AnalyticsEvent,
  AnalyticsEventData,
  AnalyticsStats,
  VisitEnd,
} from "./analytics.ts";
export { analyticsText } from "./analytics-text.ts";
export { Box } from "./box.ts";
export {
  BUDGET_ACTION,
  BUDGET_HELD_EVENT,
  BudgetActionData,
  BudgetHeldData,
  type BudgetHeldReason,
  BudgetLimit,
  BudgetNow,
  Pace,
} from "./budget.ts";
export { budgetActionText, budgetText } from "./budget-text.ts";
export { CardStats, Cards, CardTrouble, CardTroubleKind, MAX_CARDS } from "./cards.ts";
export { copyText } from "./copy-text.ts";
export { Desired, DesiredMessage, MAX_PIPELINES } from "./desired.ts";
export { EnginePrune, EnginePruned } from "./engine-prune.ts";
export {
  EngineAnswer,
  EngineAsk,
  EngineAttestation,
  EngineDispute,
  EngineEnd,
  EngineLease,
  EngineOffered,
  EngineProgress,
  EngineStatement,
  MAX_ASK_WAIT_MS,
  MAX_ENGINE_BYTES,
  SelfTestFigures,
  STRONGEST,
} from "./engine-share.ts";
export { MAX_PAYLOAD_LENGTH, SignedEnvelope } from "./envelope.ts";
export {
  JOURNAL_DROPPED,
  JOURNAL_STARTED,
  JournalDroppedData,
  JournalStartedData,
  ModelSwappedData,
  SourcesChangedData,
  UpdateEventData,
} from "./event-data.ts";
export { FormerDesired } from "./former.ts";
export { iou } from "./overlap.ts";
export { Count, PartNumber, PartRef } from "./part-ref.ts";
export { Percentiles } from "./percentiles.ts";
export {
  LayerDifference,
  LayersBesidePlan,
  MAX_LAYER_DIFFERENCES,
  PLAN_DIFFERS,
  PlanDiffersData,
} from "./plan-differs.ts";
export {
  BoardFacts,
  CardFound,
  EngineBuild,
  HeadSignature,
  JournalHead,
  KeptEngine,
  MAX_ENGINES,
  PipelineState,
  PipelineUpdate,
  PipelineUpdateState,
  Presence,
  Reported,
  ReportedError,
  ReportedPipeline,
  ReportedSource,
  RunningEngine,
  RunsOn,
  UpdateState,
} from "./reported.ts";
export { Attribute, Attributes, SecondaryStats } from "./secondary.ts";
export {
  BoardStats,
  ChainId,
  DetectedFrame,
  Detection,
  Detections,
  DropCount,
  DroppedRange,
  FleetEvent,
  LaneStats,
  MAX_DROPPED_RANGES,
  MAX_EVENT_BYTES,
  PipelineStats,
  SourceState,
  SourceStats,
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
export { countUnknown } from "./unknown.ts";
export {
  CONTRACT_VERSION,
  FORMER_CONTRACT,
  READS_WHEN_UNSAID,
  TOPIC_VERSION,
} from "./version.ts";
