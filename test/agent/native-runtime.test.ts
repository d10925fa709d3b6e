import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Detections, type Reported, Stats } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest } from "../../fleet/spec/index.ts";
import { pipelineOf } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NATIVE = {
  addonPath: join(ROOT, "native/build/jetfleet.node"),
  backendPath: join(ROOT, "native/build/libjetfleet-backend-onnxruntime.so"),
  runtimePath: join(ROOT, `node_modules/sherpa-onnx-linux-${process.arch}/libonnxruntime.so`),
};
const CAMERA = join(ROOT, "native/build/jetfleet-camera");
const MODEL = join(ROOT, "../shared/data/models/yolox_nano.onnx");
const missing = [...Object.values(NATIVE), CAMERA, MODEL].find((path) => !existsSync(path));
const why = missing === undefined ? "" : ` (skipped: no ${missing.slice(ROOT.length + 1)})`;

describe.skipIf(missing !== undefined)(`the agent with the native runtime${why}`, () => {
  let world: AgentWorld;
  let camera: { process: ChildProcess; uri: string };

  beforeEach(async () => {
    world = await AgentWorld.create();
    camera = await startCamera();
  });

  afterEach(async () => {
    camera.process.kill("SIGKILL");
    await world.destroy();
  });

  const running = ({ pipelines }: Reported) => pipelines[0]?.state === "running";

  async function deploy(generation: number, bytes: Buffer): Promise<void> {
    world.objects.put(bytes);
    const model = ModelManifest.parse({
      name: "coco",
      digest: sha256Digest(bytes),
      sizeBytes: bytes.length,
      labels: Array.from({ length: 80 }, (_, index) => `class-${index}`),
      decoder: "yolox",
    });
    const pipelines = [pipelineOf("entrance", "coco", camera.uri)];
    await world.deploy({ generation, models: [model], pipelines });
  }

  it("detects on a live camera on Node 16, again after a kill, and keeps a good model", async () => {
    world.start(NATIVE);
    await deploy(1, readFileSync(MODEL));
    await world.reported(running);
    const batch = Detections.parse(await world.broker.waitFor("/detections/entrance", () => true));
    expect(batch.frames[0]).toMatchObject({ width: 1280, height: 720 });
    expect(batch.frames[0]?.sourceFrame).not.toBeNull();
    const stats = Stats.parse(
      await world.broker.waitFor<Stats>("/stats", ({ pipelines: [own] }) => (own?.fps ?? 0) > 0),
    );
    expect(stats.pipelines[0]?.stages.length).toBeGreaterThan(2);

    await world.kill();
    const killed = world.broker.received.length;
    world.start(NATIVE);
    await world.reported(running, killed);

    const before = world.broker.received.length;
    await deploy(2, Buffer.from("no ONNX file at all"));
    const refused = await world.reported((r) => r.update.state === "rolled-back", before);
    expect(refused.error?.code).toBe("MODEL_INVALID");
    expect(refused.pipelines).toMatchObject([{ state: "running", restarts: 0 }]);
  }, 90_000);
});

async function startCamera(): Promise<{ process: ChildProcess; uri: string }> {
  const camera = spawn(CAMERA, ["--port", "0", "--fps", "5"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: camera.stdout }), "line")) as [string];
  return { process: camera, uri: (JSON.parse(line) as { rtspUrl: string }).rtspUrl };
}
