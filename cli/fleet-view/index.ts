export { buildView, STATS_FRESH_MS, type ViewContext } from "./build-view.ts";
export { type FleetFacts, type FleetMessage, NOTHING_HEARD, reduce } from "./facts.ts";
export { FleetFeed } from "./feed.ts";
export { DeviceView, FleetView, PipelineView, Problem } from "./view.ts";
