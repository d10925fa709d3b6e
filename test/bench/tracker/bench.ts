import { cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import type { NativeBoxWithScore, NativeTrackAlgorithm } from "../../../native/binding/api.ts";
import { addon } from "../../native/addon.ts";
import type { Bench, BenchResult } from "../bench.ts";

const ALGORITHMS: NativeTrackAlgorithm[] = ["bytetrack", "oc-sort", "sort", "iou"];
const OBJECTS = [30, 300];
const FPS = 25;
const FRAMES = 250;
const ROUNDS = 10;
const PICTURE = { width: 3840, height: 2160 };

/** Every tracker over the same made-up scenes, in turns. */
export const trackerBench: Bench = {
  name: "tracker",
  summary:
    "microseconds a frame of each tracker at 30 and 300 objects, copies from and to JavaScript included",
  run(log, { rounds }): Promise<BenchResult> {
    const rows = OBJECTS.flatMap((objects) => {
      log(`${objects} objects`);
      return measure(objects, rounds ?? ROUNDS);
    });
    const of = (objects: number) =>
      rows.find((row) => row.objects === objects && row.algorithm === "bytetrack")?.medianMicros ??
      Number.NaN;
    return Promise.resolve({
      rows,
      ratios: { overGoalAt30: of(30) / 100, overGoalAt300: of(300) / 1500 },
      conditions: {
        frames: FRAMES,
        cpu: cpus()[0]?.model ?? "unknown",
        load: loadavg()[0] ?? Number.NaN,
      },
    });
  },
};

function measure(objects: number, rounds: number) {
  const frames = scene(objects);
  const times = new Map(ALGORITHMS.map((algorithm) => [algorithm, [] as number[]]));
  const ids = new Map<NativeTrackAlgorithm, number>();
  for (let round = 0; round < rounds; ++round) {
    for (const algorithm of ALGORITHMS) {
      const options = {
        highScore: 0.6,
        lowScore: 0.1,
        newTrackScore: 0.7,
        fuseScore: true,
        fps: FPS,
      };
      const before = performance.now();
      const tracks = addon.trackDetections({ ...options, algorithm }, frames);
      times.get(algorithm)?.push((1000 * (performance.now() - before)) / FRAMES);
      ids.set(algorithm, new Set(tracks.flat().map(({ trackId }) => trackId)).size);
    }
  }
  return ALGORITHMS.map((algorithm) => {
    const sorted = (times.get(algorithm) ?? []).sort((a, b) => a - b);
    const medianMicros = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    return {
      objects,
      algorithm,
      medianMicros,
      leastMicros: sorted[0] ?? Number.NaN,
      ids: ids.get(algorithm) ?? 0,
    };
  });
}

/** Objects that walk over the picture and back; each misses one frame in twenty, and some are hardly seen. */
function scene(objects: number): NativeBoxWithScore[][] {
  const random = generator(7);
  const walkers = Array.from({ length: objects }, () => ({
    x: random() * PICTURE.width,
    y: random() * PICTURE.height,
    speed: (random() - 0.5) * 8,
    height: 60 + random() * 120,
  }));
  return Array.from({ length: FRAMES }, (_, frame) =>
    walkers.flatMap(({ x, y, speed, height }) => {
      if (random() < 0.05) return [];
      const jitter = () => (random() - 0.5) * 0.04 * height;
      const left = x + speed * frame + jitter();
      return [
        { left, top: y + jitter(), width: height / 2.5, height, score: 0.4 + 0.6 * random() },
      ];
    }),
  );
}

/** Numbers in [0, 1), the same every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
