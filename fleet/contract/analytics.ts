import { z } from "zod";
import { Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { Box } from "./box.ts";

/** Counts of a pipeline's lines and zones since its start, of all its sources together. */
export const AnalyticsStats = z.object({
  lines: z
    .array(
      z.object({
        name: Name,
        /** From the line's left to its right. */
        in: z.number().int().nonnegative(),
        out: z.number().int().nonnegative(),
      }),
    )
    .max(64),
  zones: z
    .array(
      z.object({
        name: Name,
        /** Objects in it now. */
        occupancy: z.number().int().nonnegative(),
        entered: z.number().int().nonnegative(),
        /** With those that were lost in it. */
        left: z.number().int().nonnegative(),
        /** Of those that have left; null while none has. */
        meanDwellMs: z.number().nullable(),
      }),
    )
    .max(64),
});
export type AnalyticsStats = z.infer<typeof AnalyticsStats>;

/** When and where an object was seen. */
const Sight = z.object({
  /** Presentation time of the frame. */
  ptsMs: z.number(),
  /** By the camera's clock, where that is known. */
  capturedAtMs: z.number().nullable(),
  box: Box,
});

const Happening = Sight.extend({
  /** Counts in its source from the start of the runner; those of one visit share it. */
  id: z.number().int().positive(),
  /** Absent where the pipeline's only source has no name. */
  source: Name.optional(),
  /** Name of the line or zone. */
  place: Name,
  trackId: z.number().int().nonnegative(),
  label: Text.max(64),
  /** Of the picture, in pixels. */
  width: z.number().int().nonnegative(),
  height: z.number().int().nonnegative(),
  /** The object's best score so far. */
  best: Sight.extend({ score: z.number().min(0).max(1) }),
});

/** Since the object came in, up to when it was last seen. */
const dwellMs = z.number();

/** Why an object is no longer in a zone; `runner-ended` is said by the agent. */
export const VisitEnd = z
  .enum(["left", "lost", "cut", "source-lost", "source-ended", "runner-ended", "unknown"])
  .catch("unknown");
export type VisitEnd = z.infer<typeof VisitEnd>;

/** What happened at a line or in a zone, as the native runtime says it. */
export const AnalyticsEvent = z.discriminatedUnion("kind", [
  Happening.extend({ kind: z.literal("line-crossed"), direction: z.enum(["in", "out"]) }),
  Happening.extend({ kind: z.literal("zone-entered"), dwellMs }),
  Happening.extend({ kind: z.literal("zone-stayed"), dwellMs }),
  Happening.extend({ kind: z.literal("zone-left"), dwellMs, end: VisitEnd }),
]);
export type AnalyticsEvent = z.infer<typeof AnalyticsEvent>;

export const ANALYTICS_KINDS = [
  "line-crossed",
  "zone-entered",
  "zone-stayed",
  "zone-left",
] as const satisfies AnalyticsEvent["kind"][];

/**
 * `data` of events of these kinds. A visit of a zone is one event that starts, is updated and ends, each with the same
 * `event`; a crossing is over at once.
 */
export const AnalyticsEventData = Happening.omit({ id: true }).extend({
  /** Names the visit or crossing on its device. */
  event: Text.max(200),
  phase: z.enum(["once", "start", "update", "end"]),
  direction: z.enum(["in", "out"]).optional(),
  dwellMs: dwellMs.optional(),
  end: VisitEnd.optional(),
});
export type AnalyticsEventData = z.infer<typeof AnalyticsEventData>;

/** `data` of events of kind `analytics-dropped`: not told, though statistics count them. */
export const ANALYTICS_DROPPED = "analytics-dropped";
export const AnalyticsDroppedData = z.object({
  /** Events of lines and zones since the last such event. */
  dropped: z.number().int().positive(),
});
export type AnalyticsDroppedData = z.infer<typeof AnalyticsDroppedData>;
