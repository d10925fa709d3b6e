/**
 * An update whose model works on a GPU: its engine is built by TensorRT, which TensorRT-RTX does without a GPU, for a card
 * that this simulated board is said to have. Without a driver nothing can load it: the update ends by that, and what ran
 * goes on.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EngineBuild, FleetEvent, Reported } from "../../fleet/contract/index.ts";
import { readKernelFile, readSealedEngine } from "../../fleet/engine/index.ts";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest, type PipelineSpec } from "../../fleet/spec/index.ts";
import { FULL } from "../support/long-form.ts";
import { CAMERA, type Camera, startCamera } from "./support/camera.ts";
import { hex, runnersOf, settled } from "./support/deploying.ts";
import { pipelineOf } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const BUILD = join(ROOT, "native/build");
const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
const RTX = join(cache, "jetfleet/tensorrt-rtx-1.7/lib");
const HEADERS = join(cache, "jetfleet/tensorrt-rtx-1.7/include");
const NVRTC = join(cache, "jetfleet/nvrtc-12.9/libnvrtc.so.12");
const BACKEND = join(BUILD, "libjetfleet-backend-tensorrt-rtx-1.7.so");
const STREET = join(ROOT, "models/street-v2-b1.onnx");
const native = {
  addonPath: join(BUILD, "jetfleet.node"),
  backendPath: join(BUILD, "libjetfleet-backend-onnxruntime.so"),
  runtimePath: onnxRuntime(process.arch),
};
const config = {
  ...native,
  tensorrtPath: RTX,
  tensorrtIncludePath: HEADERS,
  simulatedCard: { name: "RTX A2000", computeCapability: "8.6", multiprocessors: 26 },
};
/** Compiling takes the better part of a minute, so the script takes what the native tests have compiled, unless all is wanted. */
const COMPILER = FULL
  ? null
  : `if [ "$1" = --version ]; then echo "g++ that copies"; exit 0; fi
while [ $# -gt 0 ]; do case $1 in -o) out=$2;; esac; shift; done
case $out in *.so) cp ${BACKEND} "$out";; *) : > "$out";; esac`;
/** Of 33 files, on a machine that does other things as well. */
const COMPILE_MS = COMPILER === null ? 400_000 : 20_000;
const LONGEST_MS = 60_000 + 2 * COMPILE_MS;
const missing = [RTX, HEADERS, BACKEND, STREET, CAMERA, ...Object.values(native)].find(
  (path) => !existsSync(path),
);
const hasDriver = existsSync("/proc/driver/nvidia/version");
const why = missing === undefined ? "" : ` [skipped: no ${missing}]`;

describe.skipIf(missing !== undefined || hasDriver)(`an update that works on a GPU${why}`, () => {
  let world: AgentWorld;
  let camera: Camera;
  beforeAll(async () => {
    if (existsSync(NVRTC)) vi.stubEnv("JETFLEET_NVRTC", NVRTC);
    camera = await startCamera();
    world = await AgentWorld.create();
    if (COMPILER !== null) world.installTool("g++", COMPILER);
    world.objects.put(readFileSync(STREET));
  });
  afterAll(async () => {
    camera.process.kill("SIGKILL");
    await world.destroy();
    vi.unstubAllEnvs();
  });

  const bytes = existsSync(STREET) ? readFileSync(STREET) : Buffer.alloc(1);
  const model = ModelManifest.parse({
    ...{ name: "street", decoder: "yolox", labels: ["person", "vehicle", "bicycle"] },
    ...{ digest: sha256Digest(bytes), sizeBytes: bytes.length },
  });
  function deploy(generation: number, detect: Partial<PipelineSpec["detect"]>): Promise<void> {
    const spec = pipelineOf("entrance", "street", camera.uri);
    const wanted = { ...spec, detect: { ...spec.detect, ...detect } };
    return world.deploy(generation, { spec: wanted, model });
  }
  const updateOf = ({ updates }: Reported) => updates?.[0];
  const told = (): EngineBuild[] =>
    world.broker.received.flatMap(({ topic, payload }) =>
      topic.endsWith("/reported") ? (updateOf(payload as Reported)?.build ?? []) : [],
    );
  const eventsOf = (kind: string): FleetEvent[] =>
    world.broker.received
      .filter(({ topic }) => topic.endsWith("/events"))
      .map(({ payload }) => payload as FleetEvent)
      .filter((event) => event.kind === kind);

  it("is refused with the package to install where the board has no headers of its TensorRT; what is left to choose goes to the processor", async () => {
    const empty = join(world.folder, "no-headers");
    world.start({ ...config, tensorrtIncludePath: empty });
    await deploy(1, {});
    const { pipelines } = await world.reported(settled(1, "committed"));
    expect(pipelines[0]?.runsOn).toMatchObject({ accelerator: "cpu" });
    expect(world.log).toMatch(/a model works on the processor .* but found/);
    await deploy(2, { accelerator: "gpu" });
    const { updates } = await world.reported(settled(2, "rolled-back"));
    expect(updates?.[0]?.error).toMatchObject({ code: "NATIVE_LOAD" });
    expect(updates?.[0]?.error?.message).toMatch(/TensorRT's headers in \S+no-headers/);
    expect(eventsOf("backend-refused").map(({ message }) => message)).toEqual([
      expect.stringMatching(/apt-get install libnvinfer-dev libnvonnxparsers-dev/),
    ]);
    await world.kill();
  }, 60_000);

  it(
    "has its backend compiled and kept, its engine built, sealed and stored, is told while it is, and ends for want of a driver; what ran goes on",
    async () => {
      world.start(config);
      // No such accelerator: the processor takes it, and it is said.
      await deploy(3, { accelerator: "dla0" });
      const first = await world.reported(settled(3, "committed"), 0, COMPILE_MS);
      expect(eventsOf("backend-compiled")).toHaveLength(1);
      const [folder = ""] = readdirSync(join(world.stateDir, "backends"));
      expect(readdirSync(join(world.stateDir, "backends", folder)).sort()).toEqual([
        "libjetfleet-backend-tensorrt-rtx-1.7.so",
        "note.json",
      ]);
      expect(first.pipelines[0]?.runsOn).toMatchObject({ accelerator: "cpu" });
      const [runner] = runnersOf(world.pid);

      await deploy(4, { accelerator: "gpu" });
      const { updates, pipelines, engines } = await world.reported(
        settled(4, "rolled-back"),
        0,
        COMPILE_MS,
      );
      expect(updates?.[0]?.error).toMatchObject({ code: "NATIVE_LOAD" });
      expect(updates?.[0]?.error?.message).toMatch(/CUDA driver/);
      expect(pipelines[0]).toMatchObject({ state: "running", restarts: 0 });
      expect(runnersOf(world.pid)).toEqual([runner]);

      const built = engines?.find(({ accelerator }) => accelerator === "gpu fp16");
      expect(built).toMatchObject({ outcome: "built", model: model.digest, inUse: true });
      const digest = built?.outcome === "built" ? built.digest : "";
      const engine = readSealedEngine(readFileSync(join(world.stateDir, "engines", hex(digest))));
      expect(engine.key).toMatch(/^library tensorrt-rtx 1.7$/m);
      expect(engine.key).toMatch(/^precision fp16$/m);
      expect(JSON.parse(engine.notes)).toMatchObject({ computeCapability: 86 });
      expect(sha256Digest(engine.key)).toBe(built?.key);
      // What a power cut would have left to the next builder.
      expect(readdirSync(join(world.stateDir, "timing-caches"))).toEqual([hex(built?.key)]);
      // Compiled by NVRTC for the card, or said once why not.
      const kept = join(world.stateDir, "kernels");
      const kernels = existsSync(kept) ? readdirSync(kept).sort() : [];
      const read = kernels.map((name) =>
        readKernelFile(readFileSync(join(world.stateDir, "kernels", name))),
      );
      const cubins = ["candidates", "prepare"].map((name) => ({ name, capability: 86 }));
      expect(read).toMatchObject(existsSync(NVRTC) ? cubins : []);
      const said = existsSync(NVRTC) ? "kernels-compiled" : "kernels-failed";
      expect(eventsOf(said)).toHaveLength(1);
      // How far it was is told each second; on a fast machine it lasts less.
      const builds = told().filter(({ accelerator }) => accelerator === "gpu fp16");
      expect(builds.some(({ progress }) => progress < 1)).toBe(true);
      expect(eventsOf("engine-built").at(-1)?.data).toMatchObject({ accelerator: "gpu fp16" });
    },
    LONGEST_MS,
  );

  it("does not build what is stored a second time", async () => {
    const before = eventsOf("engine-built").length;
    await deploy(5, { accelerator: "dla0" });
    await world.reported(settled(5, "committed"));
    await deploy(6, { accelerator: "gpu" });
    const { updates } = await world.reported(settled(6, "rolled-back"));
    expect(updates?.[0]?.error).toMatchObject({ code: "NATIVE_LOAD" });
    expect(eventsOf("backend-compiled")).toHaveLength(1);
    expect(eventsOf("kernels-compiled").length).toBeLessThan(2);
    expect(eventsOf("engine-built")).toHaveLength(before);
  }, 60_000);

  it("ends before anything is built where INT8 is asked of a model without scales, at once the second time", async () => {
    const refused = async (generation: number) => {
      await deploy(generation, { accelerator: "dla0" });
      await world.reported(settled(generation, "committed"));
      await deploy(generation + 1, { accelerator: "gpu", precision: "int8" });
      const { updates, pipelines } = await world.reported(settled(generation + 1, "rolled-back"));
      expect(pipelines[0]).toMatchObject({ state: "running", restarts: 0 });
      return updates?.[0]?.error;
    };
    const first = await refused(7);
    expect(first?.code).toBe("MODEL_INVALID");
    expect(first?.message).toMatch(/quantises itself .* Ask for fp16 or fp32/);
    expect((await refused(9))?.message).toMatch(/is not tried again/);
  }, 60_000);
});
