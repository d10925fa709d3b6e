export { type BuiltLayer, builtLayersOf, inspectedLayers } from "./built-layers.ts";
export { allowedText, demandOf, lookedAtFps, parseStreams, type Streams } from "./demand.ts";
export { enginesOf, type PlannedEngine, type PlannedEngines } from "./engine-keys.ts";
export { furtherModelMib } from "./further-model.ts";
export { type LayerTime, layersBesidePlan } from "./layer-differences.ts";
export type { Observation } from "./observed.ts";
export { type OnnxModel, readModel } from "./onnx/index.ts";
export { type PictureParts, pictureParts } from "./picture-parts.ts";
export {
  type PlacementOpinion,
  type PlacementOpinions,
  placementOpinions,
} from "./placement-opinions.ts";
export { PlanCache } from "./plan-cache.ts";
export { type PlanOptions, planFor } from "./plan-for.ts";
export {
  Admission,
  Candidate,
  Diagnostic,
  type NamedUsage,
  Plan,
  PlannedLayer,
  Usage,
} from "./plan-schema.ts";
export { range } from "./policy.ts";
