export { buildView, type ViewContext } from "./build-view.ts";
export { buildRemaining, buildWords } from "./build-words.ts";
export { type FleetFacts, type FleetMessage, NOTHING_HEARD, reduce } from "./facts.ts";
export { DevicePast, type HeardEvent } from "./past.ts";
export { breaksFps } from "./plan/budget.ts";
export { Comparison, type ComparisonRow } from "./plan/comparison.ts";
export { pipelineWords, updateProgress, updateUnderWay } from "./update-progress.ts";
export { DeviceView, EventView, FleetView, PipelineView, Problem } from "./view.ts";
