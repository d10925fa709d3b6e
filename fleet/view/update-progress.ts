import { UpdateEventData } from "../contract/index.ts";
import type { DeviceView } from "./view.ts";

export interface UpdateProgress {
  /** In order; the last one has not ended. */
  states: { state: string; tookMs: number | null }[];
  /** What the device fetched for it; null when it did not say. */
  bytes: number | null;
}

/** Pure: how the newest update went, from the device's own events; each state lasts until the next one. */
export function updateProgress(
  { events, generation }: Pick<DeviceView, "events" | "generation">,
  sinceMs = 0,
): UpdateProgress {
  const steps = events
    .filter(({ kind, atMs }) => kind === "update" && atMs >= sinceMs)
    .flatMap(({ atMs, data }) => {
      const parsed = UpdateEventData.safeParse(data);
      return parsed.success ? [{ atMs, ...parsed.data }] : [];
    })
    .filter((step) => step.generation === generation)
    .sort((a, b) => a.atMs - b.atMs);
  const bytes = steps.flatMap((step) => step.bytes ?? []);
  return {
    bytes: bytes.length > 0 ? Math.max(...bytes) : null,
    states: steps.map(({ state, atMs }, at) => {
      const next = steps[at + 1];
      return { state, tookMs: next ? (next.tookMs ?? next.atMs - atMs) : null };
    }),
  };
}

const AT_REST = new Set(["idle", "committed"]);

/** The state of an update that is under way or was undone, with how much is fetched; null when all is at rest. */
export function updateUnderWay({ update }: Pick<DeviceView, "update">): string | null {
  if (!update || AT_REST.has(update.state)) return null;
  const { state, fetchedBytes, totalBytes } = update;
  if (state !== "fetching" || !totalBytes) return state;
  return `${state} ${Math.floor((100 * (fetchedBytes ?? 0)) / totalBytes)} %`;
}
