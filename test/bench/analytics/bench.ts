import { existsSync } from "node:fs";
import { cpus } from "node:os";
import type { NativeAnalytics } from "../../../native/binding/api.ts";
import {
  addon,
  COCO,
  data,
  Fixture,
  ffmpeg,
  fileSource,
  Run,
  yoloxNano,
} from "../../native/addon.ts";
import { countTruth } from "../../native/count-truth.ts";
import { readTruth } from "../../native/mot-truth.ts";
import type { Bench, BenchResult } from "../bench.ts";

const SEQUENCE = "TUD-Campus";
const VIDEO = `mot/${SEQUENCE}/${SEQUENCE}.mp4`;
const KEEP_SECONDS = 1.5;
const SCORES = [0.4, 0.25, 0.1];
const OBJECTS = 300;
const FRAMES = 250;

const PERSON = COCO[0] ?? "";
const LINES = [0.3, 0.4, 0.5, 0.6, 0.7].map((x) => ({
  name: `x${x}`,
  from: [x, 0],
  to: [x, 1],
  labels: [PERSON],
}));
const ZONES = [
  { name: "left-half", points: [0, 0, 0.5, 0, 0.5, 1, 0, 1], labels: [PERSON] },
  { name: "middle", points: [0.3, 0, 0.7, 0, 0.7, 1, 0.3, 1], labels: [PERSON] },
];

/** What a detector's errors do to counts, beside the truth; and what counting costs. */
export const analyticsBench: Bench = {
  name: "analytics",
  summary:
    "lines and zones through detector and tracker beside the ground truth, and what counting costs",
  async run(log): Promise<BenchResult> {
    if (!existsSync(data(VIDEO)))
      throw new Error(`Expected ${VIDEO} in ../shared/data but found none`);
    const truth = countTrue();
    const rows = [];
    for (const minScore of SCORES) {
      log(`yolox_nano over ${SEQUENCE} at ${minScore}`);
      rows.push(...(await countThroughDetector(minScore, truth)));
    }
    return {
      rows,
      ratios: {
        lineErrorOverTruth: errorOf(rows.filter(({ what }) => !what.endsWith("entered"))),
        zoneErrorOverTruth: errorOf(rows.filter(({ what }) => what.endsWith("entered"))),
        microsAFrameAt300: measure(),
      },
      conditions: {
        detector: "yolox_nano on the CPU",
        tracker: "bytetrack",
        truth: "MOT15 ground truth, counted in TypeScript",
        measured: `${OBJECTS} objects, 32 lines and 32 zones, JSON of events included`,
        cpu: cpus()[0]?.model ?? "unknown",
      },
    };
  },
};

/** What was counted too much or too little, as a share of what there was. */
function errorOf(rows: readonly { truth: number; difference: number }[]): number {
  const of = (figure: (row: { truth: number; difference: number }) => number) =>
    rows.reduce((sum, row) => sum + figure(row), 0);
  return of(({ difference }) => Math.abs(difference)) / of(({ truth }) => truth);
}

type Counts = Map<string, number>;

function countTrue(): Counts {
  const { frames, tracks, fps, width, height } = readTruth(SEQUENCE);
  const picture = { width, height, fps, keepSeconds: KEEP_SECONDS, frames: frames.length };
  const { crossings, visits } = countTruth({ lines: LINES, zones: ZONES }, tracks, picture);
  const counts: Counts = new Map();
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const each of crossings) add(each.split(" ").slice(0, 2).join(" "));
  for (const each of visits) add(`${each.split(" ")[0]} entered`);
  return counts;
}

async function countThroughDetector(minScore: number, truth: Counts) {
  const fixture = new Fixture();
  try {
    const street = fixture.file("street.mp4");
    ffmpeg("-i", data(VIDEO), "-c:v", "libx264", "-crf", "12", street);
    const run = await Run.start(
      fixture.options({
        sources: [fileSource(street)],
        model: yoloxNano({ minScore }),
        analytics: { lines: LINES, zones: ZONES },
      }),
    );
    await run.untilEnded(300_000);
    await run.stop();
    const { lines = [], zones = [] } = run.stats.at(-1)?.analytics ?? {};
    const row = (what: string, counted: number) => {
      const right = truth.get(what) ?? 0;
      return {
        minScore: String(minScore),
        what,
        truth: right,
        counted,
        difference: counted - right,
      };
    };
    return [
      ...lines.flatMap(({ name, in: into, out }) => [
        row(`${name} in`, into),
        row(`${name} out`, out),
      ]),
      ...zones.map(({ name, entered }) => row(`${name} entered`, entered)),
    ];
  } finally {
    fixture.dispose();
  }
}

/** Microseconds a frame of what the stage does, for as much as a pipeline may have; copies from JavaScript taken off. */
function measure(): number {
  const frames = Array.from({ length: FRAMES }, (_, at) => ({
    ptsMs: 40 * at,
    tracks: Array.from({ length: OBJECTS }, (__, n) => ({
      ...{ trackId: n + 1, score: 0.9, width: 20, height: 50 },
      ...{ left: (n * 37 + at * ((n % 7) - 3)) % 1900, top: (n * 91) % 1000 },
    })),
  }));
  const share = (n: number) => 0.02 + (0.96 * n) / 32;
  const full: NativeAnalytics = {
    lines: Array.from({ length: 32 }, (_, n) => {
      return { name: `l${n}`, from: [share(n), 0], to: [share(n), 1] };
    }),
    zones: Array.from({ length: 32 }, (_, n) => {
      return {
        name: `z${n}`,
        points: [share(n), 0, share(n) + 0.02, 0, share(n) + 0.02, 1, share(n), 1],
      };
    }),
  };
  const timed = (analytics: NativeAnalytics): number => {
    const options = { analytics, width: 1920, height: 1080, keepSeconds: 1.5, frames };
    const before = performance.now();
    addon.analyseTracks(options);
    return (1000 * (performance.now() - before)) / FRAMES;
  };
  const median = (analytics: NativeAnalytics): number =>
    Array.from({ length: 5 }, () => timed(analytics)).sort((a, b) => a - b)[2] ?? Number.NaN;
  return median(full) - median({ lines: [], zones: [] });
}
