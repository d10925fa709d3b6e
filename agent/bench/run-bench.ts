import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type BenchAnswer,
  type BenchOrder,
  type BenchReport,
  latencyOf,
  layersOf,
} from "../../fleet/bench/index.ts";
import { buildOptionsOf, engineFacts, engineKey } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import type { NativeAddon, NativeBuildOptions } from "../../native/binding/api.ts";
import { readBuildMachine, readTensorrt } from "../board/build-machine.ts";
import { readClocks } from "../board/clocks.ts";
import { backendObjects } from "../supervise/backend-objects.ts";
import { type ChosenBackend, chooseBackend } from "../supervise/choose-backend.ts";
import { loadAddon } from "../supervise/load-addon.ts";

export interface BenchPlaces {
  /** Folders of addon and backends, the best first. */
  folders: readonly string[];
  /** ONNX Runtime's library; by default it lies beside its backend. */
  onnxRuntime: string | undefined;
}

/** Where the native runtime lies: beside the bundle on a device, in native/build of a clone. */
export function benchPlaces(bundlePath: string, env: NodeJS.ProcessEnv): BenchPlaces {
  const beside = dirname(bundlePath);
  return {
    folders: [beside, join(beside, "../native/build"), join(beside, "../../native/build")],
    onnxRuntime: env["JETFLEET_ONNXRUNTIME"],
  };
}

/** A build that can be interrupted has ended by then. */
const CANCEL_DEADLINE_MS = 1000;

/** Measures, and says what came of it. One that is cancelled ends with its process, soon. */
export async function runBench(
  order: BenchOrder,
  places: BenchPlaces,
  signal: AbortSignal,
): Promise<BenchAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let late: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => {
    late = setTimeout(() => endAbruptly(remove), CANCEL_DEADLINE_MS);
  });
  try {
    return { type: "report", report: await measure(order, places, folder, signal) };
  } catch (error) {
    return { type: "error", error: errorOf(error) };
  } finally {
    clearTimeout(late);
    remove();
  }
}

/** A run of a library cannot be interrupted, and exit would run its destructors under its feet. */
function endAbruptly(remove: () => void): void {
  remove();
  process.kill(process.pid, "SIGKILL");
}

async function measure(
  order: BenchOrder,
  places: BenchPlaces,
  folder: string,
  signal: AbortSignal,
): Promise<BenchReport> {
  const model = await readModel(order.model);
  const backend = chooseBackend({
    accelerator: order.accelerator,
    objects: backendObjects(places.folders),
    folders: places.folders,
    tensorrt: order.accelerator === "cpu" ? null : await readTensorrt(),
  });
  const addon = loadAddon(addonIn(places.folders));
  const libraries = {
    backendPath: backend.backendPath,
    runtimePath: backend.name === "onnxruntime" ? onnxRuntime(places, backend) : "",
  };
  const engine = await engineFor(addon, order, model.digest, folder, { ...libraries, signal });
  const measured = await addon.benchModel({
    ...libraries,
    ...engine,
    accelerator: order.accelerator,
    threads: order.threads,
    batch: order.batch ?? 0,
    warmUpMs: order.warmUpMs,
    durationMs: order.durationMs,
    layers: order.layers,
  });
  const clocks = await readClocks();
  const runsPerSecond = (1000 * measured.runs) / measured.hostMs;
  const layers = layersOf(measured.inspection ?? "", measured.layerTimes);
  return {
    schema: 1,
    board: null,
    model,
    backend: { name: measured.backend, version: measured.version, path: backend.backendPath },
    accelerator: order.accelerator,
    precision: order.precision ?? null,
    batch: measured.batch,
    threads: backend.name === "onnxruntime" ? order.threads : null,
    latencyMs: latencyOf(measured.latencyMs),
    latencyRuns: measured.latencyMs.length,
    throughput: { runsPerSecond, picturesPerSecond: runsPerSecond * measured.batch },
    throughputRuns: measured.runs,
    inFlight: measured.inFlight,
    warmUpMs: order.warmUpMs,
    layers: layers.length > 0 ? layers : null,
    noLayers:
      !order.layers || layers.length > 0
        ? null
        : (measured.noInspection ?? `${measured.backend} tells nothing of its layers`),
    clocks,
    at: new Date().toISOString(),
  };
}

/** The model as it is, or an engine of it where the backend runs nothing else. */
async function engineFor(
  addon: NativeAddon,
  order: BenchOrder,
  digest: string,
  folder: string,
  libraries: Pick<NativeBuildOptions, "backendPath" | "runtimePath"> & { signal: AbortSignal },
): Promise<{ path: string; engineKey?: string }> {
  const { accelerator, precision } = order;
  if (accelerator === "cpu") {
    if (precision === undefined) return { path: order.model };
    throw new FleetError(
      "USAGE",
      `Expected no precision for the cpu but got ${precision}: ONNX Runtime runs a model in the precision that it has`,
    );
  }
  const { machines } = await readBuildMachine();
  const kind = accelerator === "gpu" ? "gpu" : "dla";
  const wanted = precision ?? "fp16";
  const request = {
    model: digest,
    accelerator: kind,
    precision: wanted,
    gpuFallback: kind === "dla",
  } as const;
  const [machine] = machines;
  const facts = machine && engineFacts(machine, request);
  const key = facts && { engineKey: engineKey(facts).text };
  const how = facts ? buildOptionsOf(facts) : { precision: wanted, gpuFallback: kind === "dla" };
  const enginePath = join(folder, "engine");
  const asked = { modelPath: order.model, enginePath, accelerator };
  await addon.buildEngine({ ...libraries, ...asked, ...how, ...key }, () => undefined);
  return { path: enginePath, ...key };
}

async function readModel(path: string): Promise<BenchReport["model"]> {
  try {
    return { path, digest: await digestOfFile(path), sizeBytes: statSync(path).size };
  } catch (cause) {
    throw new FleetError("MODEL_INVALID", `Cannot read ${path}`, { cause });
  }
}

function addonIn(folders: readonly string[]): string {
  const found = folders.map((folder) => join(folder, "jetfleet.node")).find(existsSync);
  if (found !== undefined) return found;
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected jetfleet.node in ${folders.join(", ")} but found none`,
    { hint: "Run `make -C native`." },
  );
}

function onnxRuntime({ onnxRuntime: named }: BenchPlaces, { backendPath }: ChosenBackend): string {
  return named ?? join(dirname(backendPath), "libonnxruntime.so");
}

function errorOf(error: unknown): { code: string; message: string; hint?: string } {
  const message = error instanceof Error ? error.message : String(error);
  const { code, hint } = (error ?? {}) as { code?: unknown; hint?: unknown };
  return {
    code: typeof code === "string" ? code : "INTERNAL",
    message,
    ...(typeof hint === "string" && { hint }),
  };
}
