import type { FleetView } from "../fleet/view/index.ts";
import type { HubLocation } from "./hub-location.ts";
import type { Overlay } from "./render/overlay.ts";

/** Lays something over every view of a fleet while it is watched. */
export interface OverlaySource {
  overlay(view: FleetView): Overlay;
  /** Calls `listener` when there may be something new. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** What this clone's demo lays over its fleet; null for any other. Nothing of the demo is loaded without need. */
export async function openOverlay({ truthFile }: HubLocation): Promise<OverlaySource | null> {
  if (truthFile === undefined) return null;
  const { TruthWatch } = await import("./demo/truth-watch.ts");
  return TruthWatch.open(truthFile);
}
