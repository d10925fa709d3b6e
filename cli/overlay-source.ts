import type { HubLocation } from "./hub-location.ts";
import type { OverlaySource } from "./render/overlay.ts";

/** What this clone's demo lays over its fleet; null for any other. Nothing of the demo is loaded without need. */
export async function openOverlay({ truthFile }: HubLocation): Promise<OverlaySource | null> {
  if (truthFile === undefined) return null;
  const { TruthWatch } = await import("./demo/truth-watch.ts");
  return TruthWatch.open(truthFile);
}
