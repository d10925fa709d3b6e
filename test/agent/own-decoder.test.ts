import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Detections, type Reported } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import {
  type DecoderObjects,
  type Machine,
  ModelManifest,
  machineOf,
} from "../../fleet/spec/index.ts";
import { compileDecoder } from "../native/own-decoder/compile.ts";
import { tinyModel } from "../native/tiny-model.ts";
import { NATIVE } from "./support/built-here.ts";
import type { Camera } from "./support/camera.ts";
import { hex, runnersOf } from "./support/deploying.ts";
import { pipelineOf } from "./support/desired.ts";
import { cameraForEach, lacking } from "./support/with-camera.ts";
import type { AgentWorld } from "./support/world.ts";

/** Of a busy machine, on which an engine is built and a runner begins. */
const PATIENCE = 60_000;
const HERE = machineOf(process.arch) as Machine;
const { missing, why } = lacking();

describe.skipIf(missing !== undefined)(
  `a device with a decoder of the operator's own${why}`,
  () => {
    let world: AgentWorld;
    let camera: Camera;

    cameraForEach((...opened) => {
      [world, camera] = opened;
    });

    const compiled = (name: string, ...macros: string[]): Buffer =>
      readFileSync(compileDecoder(join(world.folder, `${name}.so`), "steady_decoder.c", macros));

    /** Digest of the model; `library` null: the decoder is one of the runtime's. */
    async function deploy(
      generation: number,
      library: Buffer | null,
      machine: Machine = HERE,
    ): Promise<void> {
      const model = Buffer.from(tinyModel());
      world.objects.put(model);
      if (library !== null) world.objects.put(library);
      const object = library && { digest: sha256Digest(library), sizeBytes: library.length };
      const decoderLibrary: DecoderObjects | null = object && { [machine]: object };
      const manifest = ModelManifest.parse({
        ...{ name: "tiny", digest: sha256Digest(model), sizeBytes: model.length },
        labels: ["person"],
        ...(decoderLibrary ? { decoder: "library", decoderLibrary } : { decoder: "yolox" }),
      });
      const spec = pipelineOf("entrance", "tiny", camera.uri);
      await world.deploy(generation, { spec, model: manifest });
    }

    const settled = (generation: number, state: string) => (reported: Reported) =>
      reported.generation === generation &&
      reported.update.state === state &&
      reported.pipelines[0]?.state === "running";

    /** Whether a batch is all of what the steady decoder finds. */
    const isSteady = ({ frames }: Detections): boolean =>
      frames.every(
        ({ detections }) =>
          detections.length === 1 && Math.abs((detections[0]?.score ?? 0) - 0.75) < 1e-6,
      );
    const batch = (from: number, wanted: (batch: Detections) => boolean) =>
      world.broker.waitFor<Detections>("/detections/entrance", wanted, from, PATIENCE);

    it("runs it in the runner of the pipeline, and goes on with it whatever later ones are like", async () => {
      world.start(NATIVE);
      await deploy(1, null);
      await world.reported(settled(1, "committed"), 0, PATIENCE);
      const good = compiled("steady");
      await deploy(2, good);
      await world.reported(settled(2, "committed"), 0, PATIENCE);
      const found = Detections.parse(await batch(0, isSteady));
      expect(found.frames[0]?.detections[0]).toMatchObject({
        label: "person",
        // The middle of a letterboxed picture of 16 : 9.
        box: [320, expect.any(Number), 640, expect.any(Number)],
      });
      const mapped = (pid: number) => readFileSync(`/proc/${pid}/maps`, "utf8");
      expect(runnersOf(world.pid).map(mapped)).toEqual([expect.stringMatching(/memfd/)]);
      expect(mapped(world.pid)).not.toMatch(/memfd/);

      const bad: [number, Buffer, string, RegExp, Machine?][] = [
        [
          3,
          compiled("later", "STEADY_VERSION=2"),
          "MODEL_INVALID",
          /not of version 1 of the interface/,
        ],
        [4, compiled("crashing", "STEADY_CRASH"), "RUNNER_CRASHED", /ended by signal|SIGABRT/],
        [5, good.subarray(0, 500), "MODEL_INVALID", /cannot be opened/],
        [6, compiled("unnamed", "STEADY_UNNAMED"), "MODEL_INVALID", /exports no jetfleet_decoder/],
        [
          7,
          good,
          "DECODER_MACHINE",
          new RegExp(`a decoder of tiny for ${HERE} but there is one for`),
          HERE === "aarch64" ? "x86_64" : "aarch64",
        ],
      ];
      for (const [generation, library, code, text, machine] of bad) {
        const from = world.broker.received.length;
        await deploy(generation, library, machine);
        const refused = await world.reported(settled(generation, "rolled-back"), from, PATIENCE);
        expect(refused.pipelines).toMatchObject([
          { state: "running", error: { code, message: expect.stringMatching(text) } },
        ]);
        expect(refused.pipelines[0]?.restarts).toBe(0);
        await batch(world.broker.received.length, isSteady);
      }
    }, 240_000);

    it("loads none but the bytes that were signed: what was exchanged on its disk is fetched anew", async () => {
      world.start(NATIVE);
      const good = compiled("steady");
      await deploy(1, good);
      await world.reported(settled(1, "committed"), 0, PATIENCE);
      const file = join(world.stateDir, "objects", hex(sha256Digest(good)));
      expect(readFileSync(file).equals(good)).toBe(true);
      await world.kill();
      writeFileSync(file, compiled("crashing", "STEADY_CRASH"));
      const from = world.broker.received.length;
      world.start(NATIVE);
      await batch(from, isSteady);
      expect(readFileSync(file).equals(good)).toBe(true);
    }, 240_000);
  },
);
