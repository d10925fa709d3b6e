import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  AnalyticsEventData,
  Detections,
  FleetEvent,
  ModelSwappedData,
  type Reported,
  Stats,
} from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest, PipelineSpec } from "../../fleet/spec/index.ts";
import { NATIVE, ROOT } from "./support/built-here.ts";
import type { Camera } from "./support/camera.ts";
import { pipelineOf } from "./support/desired.ts";
import { cameraForEach, lacking } from "./support/with-camera.ts";
import type { AgentWorld } from "./support/world.ts";

const street = (version: string) => join(ROOT, `models/street-${version}-b1.onnx`);
const LABELS = ["person", "vehicle", "bicycle"];
const { missing, why } = lacking(street("v1"), street("v2"));

describe.skipIf(missing !== undefined)(`the agent with the native runtime${why}`, () => {
  let world: AgentWorld;
  let camera: Camera;

  cameraForEach((...opened) => {
    [world, camera] = opened;
  });

  const running = ({ pipelines }: Reported) => pipelines[0]?.state === "running";

  async function deploy(
    generation: number,
    bytes: Buffer,
    labels = LABELS,
    more: Partial<PipelineSpec> = {},
  ): Promise<string> {
    world.objects.put(bytes);
    const model = ModelManifest.parse({
      name: "street",
      digest: sha256Digest(bytes),
      sizeBytes: bytes.length,
      labels,
      decoder: "yolox",
    });
    const spec = { ...pipelineOf("entrance", "street", camera.uri), ...more };
    await world.deploy(generation, { spec, model });
    return model.digest;
  }

  it("detects on a live camera on Node 16, and again after a kill", async () => {
    world.start(NATIVE);
    await deploy(1, readFileSync(street("v1")));
    await world.reported(running);
    const batch = Detections.parse(await world.broker.waitFor("/detections/entrance", () => true));
    expect(batch.frames[0]).toMatchObject({ source: "cam", width: 1280, height: 720 });
    expect(batch.frames[0]?.sourceFrame).not.toBeNull();
    const stats = Stats.parse(
      await world.broker.waitFor<Stats>("/stats", ({ pipelines: [own] }) => (own?.fps ?? 0) > 0),
    );
    expect(stats.pipelines[0]?.stages.length).toBeGreaterThan(2);
    // What really decodes, and over what.
    expect(stats.pipelines[0]?.source).toMatchObject({
      ...{ name: "cam", state: "playing", transport: "tcp" },
      decoder: expect.stringMatching(/^(avdec_h264|openh264dec|nvv4l2decoder)$/),
    });

    await world.kill();
    const killed = world.broker.received.length;
    world.start(NATIVE);
    await world.reported(running, killed);
  }, 90_000);

  it("tells over MQTT who is in a zone, and ends the visits with the pipeline", async () => {
    const everywhere = [0, 1].flatMap((x) => [x, 1 - x].map((y) => [x, y])) as number[][];
    const analytics = { zones: { street: { points: everywhere, labels: ["person", "vehicle"] } } };
    world.start(NATIVE);
    await deploy(1, readFileSync(street("v1")), LABELS, { analytics });
    await world.reported(running);
    const isOf = (kind: string) => (event: FleetEvent) => event.kind === kind;
    const entered = FleetEvent.parse(
      await world.broker.waitFor<FleetEvent>("/events", isOf("zone-entered"), 0, 60_000),
    );
    expect(entered).toMatchObject({
      pipeline: "entrance",
      message: expect.stringMatching(
        /^(person|vehicle) \d+ entered street at cam \(score 0\.\d+\)$/,
      ),
    });
    const start = AnalyticsEventData.parse(entered.data);
    expect(start).toMatchObject({ phase: "start", place: "street", width: 1280, height: 720 });
    const counted = ({ pipelines: [own] }: Stats) => (own?.analytics?.zones[0]?.entered ?? 0) > 0;
    const stats = Stats.parse(await world.broker.waitFor<Stats>("/stats", counted));
    expect(stats.pipelines[0]?.analytics?.zones[0]?.name).toBe("street");
    await world.deploy(2);
    const isItsEnd = ({ kind, data }: FleetEvent) =>
      kind === "zone-left" && data?.["event"] === start.event;
    const left = await world.broker.waitFor<FleetEvent>("/events", isItsEnd, 0, 30_000);
    expect(AnalyticsEventData.parse(left.data)).toMatchObject({ phase: "end", place: "street" });
  }, 120_000);

  it("goes from street v1 to v2 without losing a frame, and keeps v1 when v2 is broken", async () => {
    world.start(NATIVE);
    const first = await deploy(1, readFileSync(street("v1")));
    await world.reported(running);
    const v2 = readFileSync(street("v2"));
    const bad: [number, Buffer, string[], RegExp][] = [
      [2, v2.subarray(0, v2.length / 2), LABELS, /ONNX Runtime cannot optimise .*objects/],
      [3, v2, LABELS.slice(1), /Expected an output of shape \[.*7\] for 2 labels but got \[.*8\]/],
    ];
    for (const [generation, bytes, labels, text] of bad) {
      await deploy(generation, bytes, labels);
      const refused = await world.reported(
        (r) => r.generation === generation && r.update.state === "rolled-back",
      );
      const error = {
        code: "MODEL_INVALID",
        message: expect.stringMatching(text) as string,
      };
      expect(refused.pipelines).toMatchObject([
        { state: "running", restarts: 0, model: { digest: first }, error },
      ]);
    }
    const second = await deploy(4, v2);
    await world.reported((r) => r.generation === 4 && r.update.state === "committed");

    const { data } = await world.broker.waitFor<FleetEvent>(
      "/events",
      ({ kind }) => kind === "model-swapped",
    );
    const swap = ModelSwappedData.parse(data);
    expect(swap).toMatchObject({ fromDigest: first, toDigest: second, countedBy: "source" });
    const frames = world.broker.received
      .filter(({ topic }) => topic.endsWith("/detections/entrance"))
      .map(({ payload }) => payload as Detections)
      .flatMap((batch) => batch.frames.map((frame) => ({ ...frame, by: batch.modelDigest })));
    const numbers = frames.map(({ sourceFrame }) => sourceFrame ?? Number.NaN);
    // The camera gives 5 frames a second, so that a busy machine keeps up: every number is there, once.
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(swap.framesLost).toBe(0);
    expect(frames.find(({ by }) => by === second)?.sourceFrame).toBe(swap.firstFrame);
    expect(frames.findLast(({ by }) => by === first)?.sourceFrame).toBe(swap.lastFrame);
  }, 120_000);
});
