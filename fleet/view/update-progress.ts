import { type EngineBuild, JOURNAL_STARTED, UpdateEventData } from "../contract/index.ts";
import { buildShort } from "./build-words.ts";
import type { DeviceView, PipelineView } from "./view.ts";

export interface UpdateProgress {
  /** In order; the last one has not ended. */
  states: { state: string; tookMs: number | null }[];
  /** What the device fetched for it; null when it did not say. */
  bytes: number | null;
}

/**
 * Pure: how the newest update of a pipeline went, from the device's own events; each state lasts until the next one.
 * Events without a pipeline are of an agent that had one update for all.
 */
export function updateProgress(
  { events }: Pick<DeviceView, "events">,
  pipeline: string,
  sinceMs = 0,
): UpdateProgress {
  const all = ofThisLife(events)
    .filter(({ kind, atMs }) => kind === "update" && atMs >= sinceMs)
    .filter((event) => (event.pipeline ?? pipeline) === pipeline)
    .flatMap(({ atMs, data }) => {
      const parsed = UpdateEventData.safeParse(data);
      return parsed.success ? [{ atMs, ...parsed.data }] : [];
    })
    .reverse();
  const newest = Math.max(0, ...all.map(({ generation }) => generation));
  const steps = all.filter(({ generation }) => generation === newest);
  const bytes = steps.flatMap((step) => step.bytes ?? []);
  return {
    bytes: bytes.length > 0 ? Math.max(...bytes) : null,
    states: steps.map(({ state, atMs }, at) => {
      const next = steps[at + 1];
      return { state, tookMs: next ? (next.tookMs ?? passed(atMs, next.atMs)) : null };
    }),
  };
}

/** Of agents that do not tell how long a state took; unknown when their clock was set back meanwhile. */
function passed(fromMs: number, untilMs: number): number | null {
  return untilMs < fromMs ? null : untilMs - fromMs;
}

/** A device that was provisioned anew counts its generations from the beginning again. */
function ofThisLife(events: DeviceView["events"]): DeviceView["events"] {
  const began = events.findIndex(({ kind }) => kind === JOURNAL_STARTED);
  return began < 0 ? events : events.slice(0, began);
}

const AT_REST = new Set(["idle", "committed"]);

interface Update {
  state: string;
  fetchedBytes?: number | undefined;
  totalBytes?: number | undefined;
  build?: EngineBuild | undefined;
}

/**
 * The state of an update, of a device or of a pipeline, that is under way or did not go through, with how much is
 * fetched or built; null when all is at rest.
 */
export function updateUnderWay({ update }: { update: Update | null }): string | null {
  if (!update || AT_REST.has(update.state)) return null;
  const { state, fetchedBytes, totalBytes, build } = update;
  if (state === "building" && build) return buildShort(build);
  if (state !== "fetching" || !totalBytes) return state;
  return `${state} ${Math.floor((100 * (fetchedBytes ?? 0)) / totalBytes)} %`;
}

/** What a pipeline does, and where its update is when that is not at rest: `running, fetching 40 %`. */
export function pipelineWords(pipeline: Pick<PipelineView, "state" | "update">): string {
  const underWay = updateUnderWay(pipeline);
  return underWay === null ? pipeline.state : `${pipeline.state}, ${underWay}`;
}
