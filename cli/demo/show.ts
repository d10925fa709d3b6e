import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../fleet/errors/index.ts";
import type { FleetFeed } from "../../fleet/hub/client/index.ts";
import type { FleetView } from "../../fleet/view/index.ts";

/** Boards that were just switched on again need their agents back; frames follow. */
const HEALTHY_DEADLINE_MS = 60_000;
const POLL_MS = 250;

/** The fleet as it is, once it is as it should be or the deadline has passed. */
export async function awaitHealthy(
  feed: FleetFeed,
  devices: readonly string[],
  signal: AbortSignal,
): Promise<FleetView> {
  await feed.settle();
  for (const end = performance.now() + HEALTHY_DEADLINE_MS; ; ) {
    const view = feed.view();
    if (isComplete(view, devices) || performance.now() > end) return view;
    await pause(POLL_MS, "waiting for frames", signal);
  }
}

export async function pause(ms: number, doing: string, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {
    throw new FleetError("CANCELLED", `Cancelled while ${doing}`);
  });
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
