export { Owner, PipelineAnswer, PipelineChoice } from "../deploy-api.ts";
export { drawToken } from "../enrolment-api.ts";
export { HubInfo, HubRecord } from "../hub-info.ts";
export { DeployClient, type Tagged, withCompareAndSet } from "./deploy-client.ts";
export { FleetFeed } from "./fleet-feed.ts";
export { FleetLink, type MessageInfo, type Unsubscribe } from "./fleet-link.ts";
export type { EventFilter } from "./history-client.ts";
export { HubClient, type HubClientOptions } from "./hub-client.ts";
export { ToldEvent, toldBy } from "./told-event.ts";
