import type { HubLocation, HubOptions } from "../hub-location.ts";
import { locateHub } from "../hub-location.ts";

export async function openConsole(options: HubOptions): Promise<number> {
  return showConsole(await locateHub(options));
}

export async function showConsole(_location: HubLocation): Promise<number> {
  await Promise.resolve();
  return 0;
}
