/** What a preview says of a model's inputs and outputs, and what a device then does with it: one answer, by the same code. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Detections, type Reported } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest } from "../../fleet/spec/index.ts";
import { KeptTrials } from "../../infra/provider/model/kept-trials.ts";
import { ModelTrials } from "../../infra/provider/model/try-model.ts";
import { externalModel, ONNX_TYPES, tinyModel } from "../native/tiny-model.ts";
import { NATIVE } from "./support/built-here.ts";
import { type Camera, startCamera } from "./support/camera.ts";
import { pipelineOf } from "./support/desired.ts";
import { lacking } from "./support/with-camera.ts";
import { AgentWorld } from "./support/world.ts";

const { missing, why } = lacking();

/** Of a busy machine, on which an engine is built and a runner begins. */
const PATIENCE = 60_000;
const NEVER = new AbortController().signal;

const { uint8, int8, float16, float64 } = ONNX_TYPES;
const ROWS_LAST = [1, 64, 64, 3];
const made = (...options: Parameters<typeof tinyModel>) => Buffer.from(tinyModel(...options));
/** Each has another score, so that none is the same file as the one before. */
const RUN: [string, Buffer][] = [
  ["samples of uint8", made({ inputType: uint8, score: 0.91 })],
  ["colours last", made({ input: ROWS_LAST, score: 0.92 })],
  ["samples of uint8, colours last", made({ inputType: uint8, input: ROWS_LAST, score: 0.93 })],
  ["samples of float16", made({ inputType: float16, score: 0.94 })],
  ["answers of float16", made({ outputType: float16, score: 0.95 })],
  [
    "float16 on both sides, colours last",
    made({ inputType: float16, outputType: float16, input: ROWS_LAST, score: 0.96 }),
  ],
];
const TYPES = /Expected an input of float32, float16 or uint8 but got images/;
const SHAPES = /Expected an input of shape \[N,3,H,W\] or \[N,H,W,3\] but got images/;
const REFUSED: [string, Buffer, RegExp][] = [
  ["samples of int8", made({ inputType: int8 }), TYPES],
  ["samples of float64", made({ inputType: float64 }), TYPES],
  ["four colours", made({ input: [1, 4, 64, 64] }), SHAPES],
  ["one colour, last", made({ input: [1, 64, 64, 1] }), SHAPES],
  ["no batch", made({ input: [3, 64, 64] }), SHAPES],
  [
    "values in another file",
    Buffer.from(externalModel("values.bin").bytes),
    /the values of its tensor head lie in another file/,
  ],
];

describe.skipIf(missing !== undefined)(`preview and device agree on a model with${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-agrees-"));
  const trials = new ModelTrials({ kept: new KeptTrials(() => join(folder, "trials")) });
  let world: AgentWorld;
  let camera: Camera;
  let generation = 0;

  beforeAll(async () => {
    // Where a runtime that looked beside the model would find it.
    writeFileSync(join(folder, "values.bin"), externalModel("values.bin").data);
    world = await AgentWorld.create();
    camera = await startCamera();
    world.start(NATIVE);
    await deployed(made(), "committed");
  }, 2 * PATIENCE);
  afterAll(async () => {
    camera.process.kill("SIGKILL");
    await world.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  function previewed(bytes: Buffer) {
    const digest = sha256Digest(bytes);
    const model = join(folder, `${digest.slice(7, 20)}.onnx`);
    writeFileSync(model, bytes);
    return trials.try({ model, digest, decoder: "yolox", labelCount: 1 }, bytes.length, NEVER);
  }

  /** The report in which the update to it came to that end. */
  async function deployed(bytes: Buffer, end: "committed" | "rolled-back"): Promise<Reported> {
    world.objects.put(bytes);
    const model = ModelManifest.parse({
      ...{ name: "tiny", digest: sha256Digest(bytes), sizeBytes: bytes.length },
      ...{ labels: ["thing"], decoder: "yolox" },
    });
    const from = world.broker.received.length;
    generation += 1;
    const own = generation;
    await world.deploy(own, { spec: pipelineOf("entrance", "tiny", camera.uri), model });
    const isEnd = ({ generation: at, update, pipelines }: Reported) =>
      at === own && update.state === end && pipelines[0]?.state === "running";
    return await world.reported(isEnd, from, PATIENCE);
  }

  it.each(RUN)(
    "%s, which runs",
    async (_, bytes) => {
      expect(await previewed(bytes)).toMatchObject({ decoder: "yolox" });
      const { pipelines } = await deployed(bytes, "committed");
      const digest = sha256Digest(bytes);
      expect(pipelines).toMatchObject([{ model: { digest }, error: null }]);
      const batch = Detections.parse(
        await world.broker.waitFor<Detections>(
          "/detections/entrance",
          ({ modelDigest }) => modelDigest === digest,
          0,
          PATIENCE,
        ),
      );
      for (const { detections } of batch.frames) {
        expect(detections).toMatchObject([{ label: "thing" }]);
        // Objectness times class, of a model that says one number for both.
        expect(Math.sqrt(detections[0]?.score ?? 0)).toBeCloseTo(scoreOf(bytes), 2);
      }
    },
    120_000,
  );

  it.each(REFUSED)(
    "%s, which is refused",
    async (_, bytes, reason) => {
      const trial = await previewed(bytes);
      const refused = { code: "MODEL_INVALID", message: expect.stringMatching(reason) as string };
      expect(trial).toMatchObject({
        failure: { code: refused.code, reason: refused.message },
      });
      const { pipelines } = await deployed(bytes, "rolled-back");
      expect(pipelines).toMatchObject([{ state: "running", error: refused }]);
    },
    120_000,
  );
});

function scoreOf(bytes: Buffer): number {
  return 0.91 + 0.01 * RUN.findIndex(([, one]) => one === bytes);
}
