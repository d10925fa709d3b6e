export { HubClient, type HubClientOptions } from "./hub-client.ts";
export { FleetLink, type MessageInfo, type Unsubscribe } from "./fleet-link.ts";
export { Credentials, HubInfo, HubRecord } from "../hub-info.ts";
export { readCredentialsFile } from "../credentials/operator-file.ts";
