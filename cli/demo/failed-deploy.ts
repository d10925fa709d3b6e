import { isFleetError, reworded } from "../../fleet/errors/index.ts";
import type { FleetView, PipelineView } from "../../fleet/view/index.ts";
import { type HubLocation, openFeed } from "../hub-location.ts";
import { modelTitle } from "../render/status-text.ts";
import { pause } from "./show.ts";

const FRAMES_DEADLINE_MS = 20_000;

/** What a failed `pulumi up` left running belongs to what is said of the failure. */
export async function withWhatRuns(
  error: unknown,
  location: HubLocation,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isFleetError(error, "PULUMI_FAILED") || signal.aborted) return error;
  const view = await lookAt(location, signal).catch(() => null);
  if (!view) return error;
  const running = runningOf(view);
  const still = running.length > 0 ? `still running: ${running.join(", ")}` : "no pipeline runs";
  return reworded(error, {
    message: `${error.message}; ${still}`,
    hint: "Read above what failed; `npm run jetfleet -- status` says what each device objects to.",
  });
}

async function lookAt(location: HubLocation, signal: AbortSignal): Promise<FleetView> {
  const feed = await openFeed(location, signal);
  try {
    await feed.settle();
    // An agent that was started anew on the way needs a moment for its first frames.
    for (
      const end = performance.now() + FRAMES_DEADLINE_MS;
      performance.now() < end && !allDeliver(feed.view());
    ) {
      await pause(500, "looking at what runs", signal);
    }
    return feed.view();
  } finally {
    await feed.close();
  }
}

function allDeliver({ devices }: FleetView): boolean {
  return devices.every(({ pipelines }) => pipelines.every(delivers));
}

function delivers({ state, stats }: PipelineView): boolean {
  return state === "running" && (stats?.fps ?? 0) > 0;
}

function runningOf(view: FleetView): string[] {
  return view.devices.flatMap((device) =>
    device.pipelines
      .filter(delivers)
      .map((pipeline) => `${device.name}/${pipeline.name} (${modelTitle(pipeline)})`),
  );
}
