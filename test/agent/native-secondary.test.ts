import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type DetectedFrame,
  Detections,
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

const MODELS = join(ROOT, "../shared/data/models");
const FILES = {
  street: join(ROOT, "models/street-v1-b1.onnx"),
  kinds: join(MODELS, "mobilenet_v2_int8_qdq.onnx"),
  people: join(MODELS, "person_reid_0288.onnx"),
};
const { missing, why } = lacking(...Object.values(FILES));
/** Of a busy machine, on which three engines are built and a runner begins. */
const PATIENCE = 90_000;

type Kind = keyof typeof FILES;

function modelOf(kind: Kind, change: Partial<ModelManifest>): ModelManifest {
  const bytes = readFileSync(FILES[kind]);
  return ModelManifest.parse({
    ...{ name: kind, digest: sha256Digest(bytes), sizeBytes: bytes.length },
    ...change,
  });
}

/** Of float32, little-endian, in base64. */
function lengthOf(vector: string): number {
  const bytes = Buffer.from(vector, "base64");
  const values = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
  return Math.hypot(...values);
}

describe.skipIf(missing !== undefined)(`secondary models on the native runtime${why}`, () => {
  let world: AgentWorld;
  let camera: Camera;

  cameraForEach((...opened) => {
    [world, camera] = opened;
  });

  const LABELS = ["person", "vehicle", "bicycle"];
  const model = () => modelOf("street", { labels: LABELS, decoder: "yolox" });
  const numbered = Array.from({ length: 1000 }, (_, at) => `kind ${at}`);
  const secondaryModels = () => ({
    kind: modelOf("kinds", { labels: numbered, decoder: "classification" }),
    who: modelOf("people", { labels: ["person"], decoder: "reid" }),
  });

  async function deploy(generation: number, labels?: string[]): Promise<void> {
    for (const path of Object.values(FILES)) world.objects.put(readFileSync(path));
    const spec = PipelineSpec.parse({
      ...pipelineOf("entrance", "street", camera.uri),
      secondary: {
        kind: { model: "kinds", minScore: 0, ...(labels && { labels }) },
        who: { model: "people", labels: ["person"] },
      },
    });
    await world.deploy(generation, { spec, model: model(), secondaryModels: secondaryModels() });
  }

  const settled = (generation: number, state: string) => (reported: Reported) =>
    reported.generation === generation &&
    reported.update.state === state &&
    reported.pipelines[0]?.state === "running";
  const frames = (from: number, wanted: (frame: DetectedFrame) => boolean) =>
    world.broker
      .waitFor<Detections>(
        "/detections/entrance",
        (batch) => batch.frames.some(wanted),
        from,
        PATIENCE,
      )
      .then((batch) => Detections.parse(batch).frames);
  const kinds = ({ tracks = [] }: DetectedFrame) =>
    tracks.filter(({ attributes }) => attributes?.["kind"] !== undefined);

  it("answer of what the tracker follows, each with an engine of its own, and of other labels in another version", async () => {
    world.start(NATIVE);
    await deploy(1);
    const reported = await world.reported(settled(1, "committed"), 0, PATIENCE);
    const built = reported.engines?.map(({ model: digest, outcome }) => [digest, outcome]);
    for (const { digest } of [model(), ...Object.values(secondaryModels())]) {
      expect(built).toContainEqual([digest, "built"]);
    }

    const told = await frames(0, (frame) => kinds(frame).length > 0);
    const [object] = told.flatMap(kinds);
    expect(object?.attributes?.["kind"]).toEqual({
      label: expect.stringMatching(/^kind \d+$/),
      score: expect.any(Number),
    });
    const vectors = (frame: DetectedFrame) =>
      (frame.tracks ?? []).flatMap(({ label, attributes }) => {
        const said = attributes?.["who"];
        return said && "vector" in said ? [{ label, vector: said.vector }] : [];
      });
    const people = (await frames(0, (frame) => vectors(frame).length > 0)).flatMap(vectors);
    expect(new Set(people.map(({ label }) => label))).toEqual(new Set(["person"]));
    for (const { vector } of people) expect(lengthOf(vector)).toBeCloseTo(1, 4);

    const stats = await world.broker.waitFor<Stats>(
      "/stats",
      ({ pipelines: [own] }) =>
        own?.secondary?.every(({ lookedTotal }) => lookedTotal > 0) ?? false,
      0,
      PATIENCE,
    );
    expect(Stats.parse(stats).pipelines[0]?.secondary?.map((one) => [one.name, one.model])).toEqual(
      Object.entries(secondaryModels()).map(([name, { digest }]) => [name, digest]),
    );

    const from = world.broker.received.length;
    await deploy(2, ["vehicle"]);
    await world.reported(settled(2, "committed"), from, PATIENCE);
    const after = await frames(world.broker.received.length, (frame) => kinds(frame).length > 0);
    expect(new Set(after.flatMap(kinds).map(({ label }) => label))).toEqual(new Set(["vehicle"]));
  }, 300_000);
});
