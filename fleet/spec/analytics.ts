import { z } from "zod";
import { Label } from "./model.ts";
import { Name } from "./names.ts";
import { isOneWayRound } from "./polygon.ts";

export const MAX_LINES = 32;
export const MAX_ZONES = 32;
const MIN_CORNERS = 3;
const MAX_CORNERS = 64;
/** Of the picture: closer points are one. */
const MIN_LENGTH = 0.001;

const Share = z.number().min(0).max(1);

const Point = z.array(Share).length(2).meta({
  description: "x and y as shares of the picture's width and height, from the top left.",
});

/** Which objects count, and where. */
const PLACE = {
  source: Name.optional().meta({
    description: "Source of the pipeline. Default: every source, each by itself.",
  }),
  margin: z.number().min(0).max(0.2).optional().meta({
    description:
      "By how much an object has to be beyond, as a share of the picture's height, so that jitter counts nothing. Default: 0.01.",
  }),
  labels: z.array(Label).min(1).max(64).optional().meta({
    description: "Objects of these labels of the model count. Default: all.",
  }),
  minScore: Share.optional().meta({
    description: "Objects count once they have had this score. Default: all that are tracked.",
  }),
  minSize: Share.optional().meta({
    description: "Smaller boxes are as not seen; a share of the picture's area.",
  }),
  maxSize: Share.optional().meta({
    description: "Larger boxes are as not seen; a share of the picture's area.",
  }),
};

export const LineSpec = z
  .strictObject({ from: Point, to: Point, ...PLACE })
  .refine(({ from, to }) => lengthOf(from, to) >= MIN_LENGTH, {
    path: ["to"],
    error: "must be another point than from",
  })
  .meta({
    title: "Line",
    description:
      "Counts objects that cross it: in from its left to its right hand, going from `from` to `to` in the picture, out " +
      "the other way. An object is where the middle of its box's lower edge is.",
  });
export type LineSpec = z.infer<typeof LineSpec>;

export const ZoneSpec = z
  .strictObject({
    points: z
      .array(Point)
      .min(MIN_CORNERS)
      .max(MAX_CORNERS)
      .superRefine((points, context) => {
        const reason = isOneWayRound(points.map(([x = 0, y = 0]) => [x, y] as const));
        if (reason !== null) context.addIssue({ code: "custom", message: reason });
      })
      .meta({ description: "Corners in order, 3 to 64; the last is joined to the first." }),
    minDwellMs: z.number().int().min(0).max(3_600_000).optional().meta({
      description: "Objects count once they have been in it for so many milliseconds. Default: 0.",
    }),
    ...PLACE,
  })
  .meta({
    title: "Zone",
    description:
      "Tells which objects are in it, when they entered and left, and how long they were.",
  });
export type ZoneSpec = z.infer<typeof ZoneSpec>;

function atMost<Place extends z.ZodType>(place: Place, most: number, what: string) {
  return z.record(Name, place).refine((places) => Object.keys(places).length <= most, {
    error: `must name at most ${most} ${what}`,
  });
}

export const AnalyticsSpec = z
  .strictObject({
    lines: atMost(LineSpec, MAX_LINES, "lines").optional().meta({ description: "By name." }),
    zones: atMost(ZoneSpec, MAX_ZONES, "zones").optional().meta({ description: "By name." }),
    updateMs: z.number().int().min(1000).max(3_600_000).optional().meta({
      description: "Between two updates of the event of an object that stays. Default: 10,000.",
    }),
  })
  .meta({
    title: "Analytics",
    description:
      "Lines and zones over what the tracker follows, which has to be there. Events go to the topic events, counts into the statistics.",
  });
export type AnalyticsSpec = z.infer<typeof AnalyticsSpec>;

/** What analytics refers to of its pipeline. */
export interface AnalyticsWorld {
  isTracked: boolean;
  sources: readonly string[];
  /** Of the model; null while they are not known. */
  labels: readonly string[] | null;
}

export interface AnalyticsProblem {
  path: string[];
  message: string;
  hint: string;
}

/** What cannot be counted in that pipeline: it would be told as zero. */
export function analyticsProblems(
  { lines = {}, zones = {} }: AnalyticsSpec,
  { isTracked, sources, labels }: AnalyticsWorld,
): AnalyticsProblem[] {
  const places = [
    ...Object.entries(lines).map(([name, line]) => ({ path: ["lines", name], ...line })),
    ...Object.entries(zones).map(([name, zone]) => ({ path: ["zones", name], ...zone })),
  ];
  return [
    ...(isTracked
      ? []
      : [
          {
            path: [],
            message: "needs a tracker, but the pipeline has none",
            hint: "Add `track: {}` to the pipeline, or take analytics out.",
          },
        ]),
    ...places.flatMap(({ path, source, labels: wanted = [] }) => [
      ...(source === undefined || sources.includes(source)
        ? []
        : [
            {
              path: [...path, "source"],
              message: `must be a source of the pipeline (${sources.join(", ")}) but is ${source}`,
              hint: "Name one of its sources, or none for all of them.",
            },
          ]),
      ...wanted
        .filter((label) => labels !== null && !labels.includes(label))
        .map((label) => ({
          path: [...path, "labels"],
          message: `must be labels of the model, which has no ${label}`,
          hint: "Name labels as the model does, or none for all of them.",
        })),
    ]),
  ];
}

function lengthOf([ax = 0, ay = 0]: readonly number[], [bx = 0, by = 0]: readonly number[]) {
  return Math.hypot(bx - ax, by - ay);
}
