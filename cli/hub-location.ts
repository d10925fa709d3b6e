import { readFile } from "node:fs/promises";
import path from "node:path";
import { FleetError } from "../fleet/errors/index.ts";
import { FleetFeed, HubClient, HubRecord } from "../fleet/hub/client/index.ts";
import { stateDir } from "./setup/paths.mjs";

/** Options that every command that talks to a hub shares. */
export interface HubOptions {
  /** Base URL of the hub; that of this clone's own hub when absent. */
  hub?: string;
  identity?: string;
  hubDir?: string;
}

export interface HubLocation {
  httpUrl: string;
  identityFile: string;
  /** Where the truth keeper of this clone's simulated camera writes; other hubs have none. */
  truthFile?: string;
}

/** Flags first, else what `npm run demo` left in the state folder. Throws HUB_UNREACHABLE when there is neither. */
export async function locateHub(options: HubOptions): Promise<HubLocation> {
  const state = stateDir();
  const identityFile = options.identity ?? path.join(state, "keys", "operator.pem");
  if (options.hub !== undefined) {
    if (!URL.canParse(options.hub)) {
      throw new FleetError("USAGE", `Expected --hub to be a URL such as https://10.0.0.2:8080`);
    }
    return { httpUrl: options.hub, identityFile };
  }
  const file = path.join(options.hubDir ?? path.join(state, "hub"), "hub.json");
  const { httpUrl } = await readRecord(file);
  return {
    httpUrl,
    identityFile,
    ...(options.hubDir === undefined ? { truthFile: truthFileOf(state) } : {}),
  };
}

export function clientFor({ httpUrl, identityFile }: HubLocation, signal?: AbortSignal): HubClient {
  return new HubClient({ httpUrl, identityFile, ...(signal ? { signal } : {}) });
}

export function truthFileOf(state: string): string {
  return path.join(state, "camera", "truth.json");
}

/** Throws HUB_UNREACHABLE or HUB_REFUSED. */
export function openFeed(location: HubLocation, signal?: AbortSignal): Promise<FleetFeed> {
  return FleetFeed.open(location.httpUrl, clientFor(location, signal));
}

async function readRecord(file: string): Promise<HubRecord> {
  try {
    return HubRecord.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw new FleetError("HUB_UNREACHABLE", `Expected a hub's addresses in ${file}`, {
      cause,
      hint: "Start one with `npm run demo`, or name one with --hub URL --identity FILE.",
    });
  }
}
