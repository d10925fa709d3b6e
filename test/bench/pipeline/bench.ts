import { cpus, loadavg } from "node:os";
import type { Bench, BenchOptions, BenchResult } from "../bench.ts";
import {
  buildRivals,
  type Contender,
  type Figures,
  FLOOR,
  measureDelivery,
  measureInTurns,
  measureTracing,
  OPENCV,
  OPENCV_MISSING,
  OURS,
} from "./contenders.ts";
import { type Clip, clip, FRAMES, requireData } from "./inputs.ts";
import { estimate } from "./statistics.ts";

const CLIPS = [
  { name: "1080p", suffix: "", size: { width: 1920, height: 1080, bitRate: "4500k" } },
  { name: "768×432", suffix: " 768×432", size: { width: 768, height: 432, bitRate: "1200k" } },
];

/** Read at the same time; together they always have as many frames. */
const STREAMS = [1, 4, 8];

export const pipelineBench: Bench = {
  name: "pipeline",
  summary:
    "yolox_nano on H.264 files of 1080p and 768×432, one inference thread: jetfleet, the floor below any pipeline, " +
    "and what one would write with ffmpeg or OpenCV",
  clips: CLIPS.map(({ name }) => name),
  streams: STREAMS,
  run,
};

/** In each, all are measured at the same time: what else the machine does meets all. */
const ROUNDS = 10;

type Runs = Map<Contender, Figures[]>;

async function run(
  log: (line: string) => void,
  { rounds, clip: only, streams: onlyStreams }: BenchOptions,
): Promise<BenchResult> {
  const clips = CLIPS.filter(({ name }) => only === null || name === only);
  const model = requireData("models/yolox_nano.onnx");
  const rivals = buildRivals();
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const times = rounds ?? ROUNDS;
  const rows: BenchResult["rows"] = [];
  const ratios: Record<string, number> = {};
  const wanted = STREAMS.filter((count) => onlyStreams === null || count === onlyStreams);
  for (const streams of wanted) {
    for (const { name, suffix, size } of clips) {
      const runs = await measureAll(clip(size, streams, log), model, rivals, times, log);
      rows.push(...rowsOf(name, streams, runs));
      const of = streams === 1 ? suffix : `${suffix} ×${streams}`;
      Object.assign(ratios, ratiosOf(runs, rivals, of));
    }
  }
  log("tracing and delivery");
  return {
    rows,
    ratios: {
      ...ratios,
      tracingMicrosPerFrame: await measureTracing(Math.max(...wanted)),
      deliveryMicrosPerFrame: await measureDelivery(),
    },
    conditions: {
      "rounds of all, each in its turn": times,
      "inference threads": 1,
      "frames of all streams": FRAMES,
      intervals: "95 %, by order statistics; with fewer than 6 rounds, all that was seen",
      OpenCV: rivals.includes(OPENCV) ? "as installed" : OPENCV_MISSING,
      "load before and after": `${loadBefore.toFixed(1)}, ${(loadavg()[0] ?? Number.NaN).toFixed(1)}`,
      machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
      node: process.version,
    },
  };
}

async function measureAll(
  of: Clip,
  model: string,
  rivals: Contender[],
  rounds: number,
  log: (line: string) => void,
): Promise<Runs> {
  const contenders = [FLOOR, OURS, ...rivals];
  const runs: Runs = new Map(contenders.map((one) => [one, []]));
  for (let round = 0; round < rounds; round += 1) {
    log(`${of.streams} × ${of.width}×${of.height}: round ${round + 1} of ${rounds}`);
    // Whose turn comes first finds a machine that was at rest.
    const at = round % contenders.length;
    const order = [...contenders.slice(at), ...contenders.slice(0, at)];
    const figures = await measureInTurns(order, of, model);
    order.forEach((one, i) => runs.get(one)?.push(...figures.slice(i, i + 1)));
  }
  return runs;
}

function rowsOf(name: string, streams: number, runs: Runs): BenchResult["rows"] {
  return [...runs].map(([contender, figures]) => {
    const fps = estimate(figures.map((one) => one.fps));
    const cpu = estimate(figures.map((one) => one.cpuMsPerFrame));
    return {
      clip: name,
      streams,
      contender: contender.name,
      runs: figures.length,
      fps: fps.median,
      "fps from": fps.low,
      "fps to": fps.high,
      "CPU ms/frame": cpu.median,
      "CPU from": cpu.low,
      "CPU to": cpu.high,
      objects: contender === FLOOR ? null : (figures[0]?.objects ?? null),
    };
  });
}

function ratiosOf(runs: Runs, rivals: Contender[], suffix: string): Record<string, number> {
  const all = (contender: Contender) => runs.get(contender) ?? [];
  const median = (contender: Contender, key: "fps" | "cpuMsPerFrame") =>
    estimate(all(contender).map((one) => one[key])).median;
  /** By round, for the machine may be faster in the next. */
  const besideFloor = (
    one: Contender,
    key: "fps" | "cpuMsPerFrame",
    by: (own: number, floor: number) => number,
  ) => estimate(all(one).map((own, i) => by(own[key], all(FLOOR)[i]?.[key] ?? Number.NaN)));
  const cpu = besideFloor(OURS, "cpuMsPerFrame", (own, floor) => own / floor);
  const fps = besideFloor(OURS, "fps", (own, floor) => own / floor);
  const ratios: Record<string, number> = {
    cpuOverFloor: cpu.median,
    cpuOverFloorLow: cpu.low,
    cpuOverFloorHigh: cpu.high,
    fpsOverFloor: fps.median,
    fpsOverFloorLow: fps.low,
    fpsOverFloorHigh: fps.high,
    fpsOverBestRival: median(OURS, "fps") / Math.max(...rivals.map((one) => median(one, "fps"))),
  };
  if (rivals.includes(OPENCV)) {
    const overhead = (one: Contender) =>
      besideFloor(one, "cpuMsPerFrame", (own, floor) => own - floor);
    const [ours, opencv] = [overhead(OURS), overhead(OPENCV)];
    ratios["overheadOverOpencv"] = ours.median / opencv.median;
    // As far apart as both intervals allow.
    ratios["overheadOverOpencvLow"] = ours.low / opencv.high;
    ratios["overheadOverOpencvHigh"] = ours.high / Math.max(opencv.low, 0);
  }
  return Object.fromEntries(Object.entries(ratios).map(([key, value]) => [key + suffix, value]));
}
