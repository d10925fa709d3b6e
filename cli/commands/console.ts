import type { HubOptions } from "../hub-location.ts";

export async function openConsole(_options: HubOptions): Promise<number> {
  await Promise.resolve();
  return 0;
}
