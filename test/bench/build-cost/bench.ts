import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BuildProcess } from "../../../agent/engine/build-process.ts";
import { createLog } from "../../../agent/report/log.ts";
import { PipelineRun } from "../../../agent/supervise/pipeline-run.ts";
import { forkRunner } from "../../../agent/supervise/runner-child.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { startCamera } from "../../../fleet/sim/camera/index.ts";
import { ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";
import { digestOfFile } from "../../../fleet/transfer/files/hash-file.ts";
import type { Bench, BenchResult } from "../bench.ts";
import { type Phase, phaseOf, type Second } from "./statistics.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const MODEL = join(ROOT, "models/street-v2-b1.onnx");
/** Fits beside nothing else on two cores. */
const CAMERA = { width: 640, height: 360, fps: 10 };
const PHASE_SECONDS = 20;
const LOOK_MS = 1000;
/** Built over and over for as long as a phase lasts. */
const BUILT = join(ROOT, "models/street-v2-b8.onnx");

export const buildCostBench: Bench = {
  name: "build-cost",
  summary: "what a live stream loses while an engine is built beside it: fps, p95 and drops",
  async run(log, { rounds }) {
    const folder = mkdtempSync(join(tmpdir(), "jetfleet-bench-build-"));
    const camera = await startCamera(CAMERA);
    try {
      return await measure(folder, camera.rtspUrl, rounds ?? 1, log);
    } finally {
      await camera.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  folder: string,
  uri: string,
  rounds: number,
  log: (line: string) => void,
): Promise<BenchResult> {
  const bundle = join(folder, "agent.cjs");
  execFileSync(process.execPath, [join(ROOT, "agent/build.mjs"), bundle]);
  const modelBytes = statSync(BUILT).size;
  const build = {
    ...{ modelPath: BUILT, modelDigest: await digestOfFile(BUILT), engineKey: "bench" },
    ...{ ...backend(), accelerator: "cpu", threads: 1 },
    golden: { decoder: "yolox" as const, labelCount: 3, reference: null },
  };
  const launch = forkRunner(bundle);
  const run = await liveRun(launch, uri);
  const rows: BenchResult["rows"] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      log(`round ${round}: ${PHASE_SECONDS} s before`);
      const before = await watch(run, PHASE_SECONDS);
      log(`${PHASE_SECONDS} s of builds`);
      const { builds, seconds } = await watchBuilding(run, () =>
        buildOnce(launch, build, modelBytes),
      );
      log(`${PHASE_SECONDS} s after`);
      const after = await watch(run, PHASE_SECONDS);
      const phases = { before, during: seconds, after };
      for (const [phase, figures] of Object.entries(phases)) {
        rows.push({ round, phase, ...rowOf(figures), builds: phase === "during" ? builds : 0 });
      }
    }
  } finally {
    await run.stop();
  }
  const [one] = cpus();
  return {
    rows,
    ratios: {
      duringOverBeforeFps: ratioOf(rows, "fps"),
      duringOverBeforeP95: ratioOf(rows, "p95 ms"),
    },
    conditions: {
      ...{ processor: one?.model ?? "unknown", processors: cpus().length },
      ...{
        loadBefore: loadavg()[1] ?? 0,
        camera: `${CAMERA.width}×${CAMERA.height} at ${CAMERA.fps}`,
      },
      ...{ model: "street-v2-b1, 1 thread", built: "street-v2-b8", builder: "nice 19, 1 thread" },
    },
  };
}

function backend() {
  const arch = process.arch;
  return {
    backendPath: join(ROOT, "native/build/libjetfleet-backend-onnxruntime.so"),
    runtimePath: join(
      ROOT,
      `node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/libonnxruntime.so.1`,
    ),
  };
}

const addonPath = join(ROOT, "native/build/jetfleet.node");

async function liveRun(launch: ReturnType<typeof forkRunner>, uri: string): Promise<PipelineRun> {
  const digest = await digestOfFile(MODEL);
  const model = ModelManifest.parse({
    ...{ name: "street", digest, sizeBytes: 1, decoder: "yolox" },
    labels: ["person", "vehicle", "bicycle"],
  });
  const spec = PipelineSpec.parse({
    ...{ name: "street", sources: { camera: { uri } }, detect: { model: "street" } },
    track: { algorithm: "bytetrack" },
  });
  return new PipelineRun(
    { spec, model },
    {
      ...{ launch, native: { addonPath, ...backend() }, threads: 1 },
      engineOf: () => ({ path: MODEL, digest }),
      objectPath: () => MODEL,
      placeOf: () => ({ place: null, why: "the bench measures the processor" }),
      reportEngine: () => undefined,
      mend: () => Promise.resolve(),
      budgetOf: () => undefined,
      log: createLog({ write: () => {} }),
      ...{ restartBackoff: { baseMs: 1000, capMs: 1000 }, firstFrameMs: 20_000, graceMs: 5000 },
      ...{ onChange: () => {}, onFrames: () => {}, onNotice: () => {} },
      ...{ onAnalytics: () => {}, onLifeEnd: () => {} },
    },
  );
}

/** A build from beginning to end, in a process of its own, whose engine is taken and thrown away. */
async function buildOnce(
  launch: ReturnType<typeof forkRunner>,
  build: ConstructorParameters<typeof BuildProcess>[0]["build"],
  modelBytes: number,
): Promise<void> {
  const builder = new BuildProcess({
    ...{ launch, addonPath, build, modelBytes, onProgress: () => {}, onTimings: () => {} },
  });
  try {
    await builder.built();
    for await (const _piece of builder.bytes());
  } finally {
    await builder.end(new FleetError("CANCELLED", "The bench has what it wanted"));
  }
}

/** Looks once a second until it has seen `wanted` seconds; waits for the first frames. */
async function watch(run: PipelineRun, wanted: number): Promise<Phase> {
  const seconds: Second[] = [];
  while (seconds.length <= wanted) {
    await tick();
    const stats = run.stats();
    if (stats === null || stats.framesTotal === 0) continue;
    seconds.push(secondOf(stats));
  }
  return phaseOf(seconds);
}

/** The same for as long as builds follow one another: at least a phase, and to the end of the last build. */
async function watchBuilding(run: PipelineRun, buildOne: () => Promise<void>) {
  const seconds: Second[] = [];
  const timer = setInterval(() => {
    const stats = run.stats();
    if (stats !== null) seconds.push(secondOf(stats));
  }, LOOK_MS);
  let builds = 0;
  const endMs = performance.now() + PHASE_SECONDS * 1000;
  try {
    for (; performance.now() < endMs; builds += 1) await buildOne();
  } finally {
    clearInterval(timer);
  }
  return { builds, seconds: phaseOf(seconds) };
}

function secondOf(stats: NonNullable<ReturnType<PipelineRun["stats"]>>): Second {
  const { framesTotal, droppedTotal, latencyMs } = stats;
  return {
    atMs: performance.now(),
    framesTotal,
    droppedTotal,
    latencyP95Ms: latencyMs?.p95 ?? null,
  };
}

function tick(): Promise<void> {
  return new Promise((done) => setTimeout(done, LOOK_MS));
}

function rowOf({ seconds, fps, latencyP95Ms, worstP95Ms, drops }: Phase) {
  return {
    ...{ seconds: +seconds.toFixed(1), fps: +fps.toFixed(2) },
    ...{ "p95 ms": latencyP95Ms, "worst p95 ms": worstP95Ms, drops },
  };
}

/** Over all rounds, what the middle one of a figure was during builds, to what it was before. */
function ratioOf(rows: BenchResult["rows"], figure: "fps" | "p95 ms"): number {
  const middle = (phase: string): number => {
    const values = rows.filter((row) => row["phase"] === phase).map((row) => Number(row[figure]));
    return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  };
  return middle("during") / middle("before");
}
