import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../fleet/errors/index.ts";
import { FleetFeed, type FleetView } from "../fleet-view/index.ts";
import { clientFor, type HubLocation } from "../hub-location.ts";

/** Boards that were just switched on again need their agents back; frames follow. */
const HEALTHY_DEADLINE_MS = 60_000;
const POLL_MS = 250;

/** The fleet as it is, once it is as it should be or the deadline has passed. */
export async function awaitHealthy(
  location: HubLocation,
  devices: readonly string[],
  signal: AbortSignal,
): Promise<FleetView> {
  const feed = await FleetFeed.open(location.httpUrl, clientFor(location, signal));
  try {
    await feed.settle();
    for (const end = Date.now() + HEALTHY_DEADLINE_MS; ; ) {
      const view = feed.view();
      if (isComplete(view, devices) || Date.now() > end) return view;
      await delay(POLL_MS, undefined, { signal }).catch(() => {
        throw new FleetError("CANCELLED", "Cancelled while waiting for frames");
      });
    }
  } finally {
    await feed.close();
  }
}

/** Healthy, everyone there, and figures to show for every pipeline. */
function isComplete(view: FleetView, devices: readonly string[]): boolean {
  const names = new Set(view.devices.map(({ name }) => name));
  const pipelines = view.devices.flatMap((device) => device.pipelines);
  return (
    view.healthy &&
    devices.every((name) => names.has(name)) &&
    pipelines.length > 0 &&
    pipelines.every(({ stats }) => stats?.latencyMs)
  );
}
