import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AnalyticsEvent, AnalyticsStats } from "../../fleet/contract/index.ts";
import type { NativeAnalyseOptions, NativeAnalytics } from "../../native/binding/api.ts";
import {
  addon,
  COCO,
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  needsData,
  Run,
  yoloxNano,
} from "./addon.ts";
import { countTruth, type Way } from "./count-truth.ts";
import { readTruth } from "./mot-truth.ts";

const SEQUENCES = ["TUD-Campus", "TUD-Stadtmitte", "PETS09-S2L1", "ETH-Sunnyday"];
const KEEP_SECONDS = 1.5;
const MARGIN = 0.01;

/** Across and along the picture, and where nobody can say by eye who is in. */
const PLACES: NativeAnalytics = {
  lines: [
    { name: "upright", from: [0.5, 0], to: [0.5, 1], margin: MARGIN },
    { name: "across", from: [0.05, 0.85], to: [0.95, 0.85], margin: MARGIN },
    { name: "slanting", from: [0.2, 0.3], to: [0.7, 0.95], margin: MARGIN },
    { name: "short", from: [0.3, 0.75], to: [0.45, 0.65], margin: MARGIN },
    { name: "strict", from: [0.35, 0], to: [0.35, 1], margin: 0 },
  ],
  zones: [
    { name: "left", points: [0, 0, 0.4013, 0, 0.4013, 1, 0, 1], margin: MARGIN },
    {
      name: "corner",
      points: [0.3, 0.4, 0.9, 0.4, 0.9, 0.7, 0.6, 0.7, 0.6, 0.98, 0.3, 0.98],
      margin: 0.02,
    },
    { name: "waited", points: [0.4, 0.5, 0.8, 0.6, 0.6, 1], margin: MARGIN, minDwellMs: 700 },
  ],
};

const Answer = z.object({ events: z.array(AnalyticsEvent), figures: AnalyticsStats });
const analyse = (options: NativeAnalyseOptions) =>
  Answer.parse(JSON.parse(addon.analyseTracks(options)));

describe.skipIf(!hasData)(`Lines and zones over true tracks of MOT15${needsData}`, () => {
  test.each(SEQUENCES)("%s: each crossing and each visit is that of the truth", (sequence) => {
    const { frames, tracks, fps, width, height } = readTruth(sequence);
    const { events, figures } = analyse({
      ...{ analytics: PLACES, width, height, keepSeconds: KEEP_SECONDS },
      frames,
    });
    const picture = { width, height, fps, keepSeconds: KEEP_SECONDS, frames: frames.length };
    const truth = countTruth(PLACES, tracks, picture);
    const crossings = events.flatMap((event) =>
      event.kind === "line-crossed"
        ? `${event.place} ${event.direction} ${event.trackId} @${event.ptsMs.toFixed(0)}`
        : [],
    );
    expect(crossings.sort()).toEqual(truth.crossings.sort());
    const visits = events.flatMap((event) =>
      event.kind === "zone-left"
        ? `${event.place} ${event.trackId} ${event.dwellMs.toFixed(0)} ${event.end}`
        : [],
    );
    expect(visits.sort()).toEqual(truth.visits.sort());
    for (const { name, in: into, out } of figures.lines) {
      const of = (way: Way) =>
        truth.crossings.filter((each) => each.startsWith(`${name} ${way} `)).length;
      expect([name, into, out]).toEqual([name, of("in"), of("out")]);
    }
    for (const { name, entered, left, occupancy } of figures.zones) {
      const of = truth.visits.filter((each) => each.startsWith(`${name} `)).length;
      expect([name, entered, left, occupancy]).toEqual([name, of, of, 0]);
    }
    // Else nothing was shown.
    expect(truth.crossings.length).toBeGreaterThan(3);
    expect(truth.visits.length).toBeGreaterThan(3);
  });
});

describe("lines and zones that are none", () => {
  const line = { name: "door", from: [0, 0.5], to: [1, 0.5] };
  const zone = { name: "hall", points: [0, 0, 1, 0, 1, 1] };
  const rows: [string, Partial<NativeAnalytics>, RegExp][] = [
    ["no length", { lines: [{ ...line, to: line.from }] }, /two points.*lines\[0\]\.to/],
    ["a point outside", { lines: [{ ...line, to: [1.5, 0] }] }, /numbers.*lines\[0\]\.to/],
    ["two corners", { zones: [{ ...zone, points: [0, 0, 1, 1] }] }, /3 to 64 points/],
    ["a label that no model has", { lines: [{ ...line, labels: ["cat"] }] }, /labels of the model/],
    ["a source that is none", { lines: [{ ...line, source: "yard" }] }, /a source of the pipeline/],
    ["33 of them", { lines: Array.from({ length: 33 }, () => line) }, /at most 32 lines/],
  ];

  test.each(rows)("are refused: %s", (_, places, expected) => {
    const analytics = { lines: [], zones: [], ...places };
    const options = { analytics, width: 64, height: 48, keepSeconds: 1, frames: [] };
    expect(() => addon.analyseTracks(options)).toThrow(expected);
  });

  test("are refused where no tracker follows anything", async () => {
    const fixture = new Fixture();
    try {
      const analytics = { lines: [line], zones: [] };
      const start = Run.start(fixture.options({ track: null, analytics }));
      await expect(start).rejects.toThrow(/a tracker, which analytics needs, for options\.track/);
    } finally {
      fixture.dispose();
    }
  });
});

test.skipIf(!hasData)(`A pipeline tells of its lines and zones${needsData}`, async () => {
  const fixture = new Fixture();
  try {
    const street = fixture.file("street.mp4");
    ffmpeg(
      "-i",
      data("mot/TUD-Campus/TUD-Campus.mp4"),
      "-frames:v",
      "40",
      "-c:v",
      "libx264",
      street,
    );
    const run = await Run.start(
      fixture.options({
        sources: [fileSource(street)],
        model: yoloxNano(),
        analytics: {
          lines: [{ name: "middle", from: [0.5, 0], to: [0.5, 1], labels: [COCO[0] ?? ""] }],
          zones: [{ name: "all", points: [0, 0, 1, 0, 1, 1, 0, 1] }],
        },
      }),
    );
    await run.untilEnded();
    await run.stop();
    const events = run.messages.flatMap((one) => (one.type === "analytics" ? one.events : []));
    const kinds = (kind: string) => events.filter((event) => event.kind === kind).length;
    const told = run.stats.at(-1)?.analytics;
    expect(told?.lines).toEqual([
      expect.objectContaining({ name: "middle", in: expect.any(Number) as number }),
    ]);
    const [{ in: into = 0, out = 0 } = {}] = told?.lines ?? [];
    expect(kinds("line-crossed")).toBe(into + out);
    expect(into + out).toBeGreaterThan(0);
    expect(kinds("zone-entered")).toBeGreaterThan(2);
    expect(kinds("zone-left")).toBe(kinds("zone-entered"));
    expect(z.array(AnalyticsEvent).safeParse(events).error).toBeUndefined();
    expect(AnalyticsStats.safeParse(told).error).toBeUndefined();
    expect(run.stats.at(-1)?.stages.map(({ name }) => name)).toContain("analytics");
  } finally {
    fixture.dispose();
  }
});
