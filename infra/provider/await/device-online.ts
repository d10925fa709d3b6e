import type { FleetLink } from "../../../fleet/hub/client/index.ts";

/** An agent that is just reconnecting is neither drift nor unreachable. */
const RECONNECT_MS = 4_000;

/** Whether the hub has the device's agent online, or gets it back within moments. */
export async function isOnline(link: FleetLink, device: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), RECONNECT_MS);
  const stop = await link.subscribe(device, "presence", ({ online }) => {
    if (online) resolve(true);
  });
  const online = await promise;
  clearTimeout(timer);
  await stop();
  return online;
}
