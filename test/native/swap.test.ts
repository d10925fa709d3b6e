import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { NativeModelOptions } from "../../native/binding/api.ts";
import { FULL } from "../support/long-form.ts";
import {
  addon,
  COCO,
  data,
  Fixture,
  fileSource,
  hasData,
  model,
  needsData,
  Run,
  yoloxNano,
} from "./addon.ts";
import { externalModel, tinyModel } from "./tiny-model.ts";

const fixture = new Fixture({ seconds: 4 });
afterAll(() => fixture.dispose());

const looped = fixture.options({
  sources: [{ ...fixture.source, loop: true, realtime: false }],
  model: model(fixture.model, { id: "one" }),
});
const streetModel = (version: string) =>
  resolve(import.meta.dirname, `../../models/street-${version}-b1.onnx`);
const THOUSAND = Array.from({ length: 1000 }, (_, i) => `class-${i}`);
const STREET_LABELS = ["person", "vehicle", "bicycle"];

const idsOf = (run: Run) =>
  run.messages.flatMap((message) => (message.type === "frames" ? [message.modelId] : []));

async function untilFramesOf(run: Run, id: string, count = 5): Promise<void> {
  await run.until(({ messages }) => {
    const batches = messages.filter((m) => m.type === "frames" && m.modelId === id);
    return batches.length >= count;
  });
}

/** The model of each frame by its index; fails where an index is missing or there twice. */
function modelByIndex(run: Run): string[] {
  const pairs = run.messages.flatMap((message) =>
    message.type === "frames" ? message.frames.map(({ index }) => [index, message.modelId]) : [],
  );
  expect(pairs.map(([index]) => index)).toEqual(pairs.map((_, i) => i));
  return pairs.map(([, id]) => String(id));
}

/** Keeps all threads that jobs run on busy, each with a pipe that nobody writes to, until the returned call. */
function holdPool(): () => Promise<void> {
  const threads = Number(process.env["UV_THREADPOOL_SIZE"] ?? 4);
  const pipes = Array.from({ length: threads }, (_, i) => fixture.file(`hold-${i}`));
  execFileSync("mkfifo", pipes);
  const opened = pipes.map((pipe) => open(pipe, "r"));
  return async () => {
    for (const pipe of pipes) closeSync(openSync(pipe, "w"));
    for (const handle of await Promise.all(opened)) await handle.close();
  };
}

describe("swapModel", () => {
  test("takes over between two frames: none missing, none twice, tracks go on", async () => {
    const run = await Run.start(looped);
    for (const id of ["two", "three", "four"]) {
      await untilFramesOf(run, idsOf(run).at(-1) ?? "one");
      const swap = await run.pipeline.swapModel(model(fixture.model, { id }));
      expect(swap).toMatchObject({ firstSourceFrame: null, lastSourceFrame: null });
      expect(swap.firstIndex).toBe((swap.lastIndex ?? Number.NaN) + 1);
      for (const ms of [swap.loadMs, swap.warmMs, swap.gapMs]) expect(ms).toBeGreaterThan(0);
      await untilFramesOf(run, id);
      const models = modelByIndex(run);
      expect(models.indexOf(id)).toBe(swap.firstIndex);
      expect(models.lastIndexOf(id)).toBe(models.length - 1);
    }
    await run.stop();
    expect([...new Set(idsOf(run))]).toEqual(["one", "two", "three", "four"]);
    expect(run.frames.every(({ tracks }) => tracks?.length === 1)).toBe(true);
    expect(new Set(run.frames.flatMap(({ tracks }) => tracks?.map((t) => t.trackId)))).toEqual(
      new Set([1]),
    );
    expect(run.stats.at(-1)).toMatchObject({ droppedTotal: 0, tracksTotal: 1 });
  });

  test("changes the score from which detections count, the size of the input and the labels", async () => {
    const run = await Run.start(looped);
    await untilFramesOf(run, "one");
    await run.pipeline.swapModel(model(fixture.model, { id: "strict", minScore: 0.9 }));
    await untilFramesOf(run, "strict");
    const other = fixture.file("two-labels.onnx");
    writeFileSync(other, tinyModel({ labels: 2 }));
    await run.pipeline.swapModel(model(other, { id: "named", labels: ["thing", "object"] }));
    await untilFramesOf(run, "named");
    await run.stop();
    const models = modelByIndex(run);
    const labelsBy = (id: string) => [
      ...new Set(
        run.frames
          .filter(({ index }) => models[index] === id)
          .map(({ detections }) => detections.map(({ label }) => label).join()),
      ),
    ];
    expect(labelsBy("one")).toEqual(["object"]);
    expect(labelsBy("strict")).toEqual([""]);
    expect(labelsBy("named")).toEqual(["thing"]);
  });

  test("of a model that cannot be used leaves the former one at work", async () => {
    const run = await Run.start(looped);
    const cut = fixture.file("cut.onnx");
    writeFileSync(cut, readFileSync(fixture.model).subarray(0, 500));
    const sides = fixture.file("sides.onnx");
    writeFileSync(sides, tinyModel({ input: [1, 3, 60, 64] }));
    const external = fixture.file("external.onnx");
    writeFileSync(external, externalModel("gone.bin").bytes);
    const bad: [Partial<NativeModelOptions>, string][] = [
      [{ path: cut }, "cut.onnx"],
      [{ path: sides }, "H and W multiples of 32 but got [1,3,60,64]"],
      [{ path: external }, "gone.bin"],
      [
        { labels: ["a", "b"] },
        "Expected an output of shape [1,84,7] for 2 labels but got [1,84,6]",
      ],
    ];
    for (const [changes, text] of bad) {
      const swap = run.pipeline.swapModel(model(fixture.model, { id: "bad", ...changes }));
      const error: unknown = await swap.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "MODEL_INVALID" });
      expect(String(error)).toContain(text);
    }
    const seen = run.frames.length;
    await run.until((r) => r.frames.length > seen + 20);
    await run.stop();
    expect(new Set(modelByIndex(run))).toEqual(new Set(["one"]));
  });

  test("is refused while another is under way, which goes through", async () => {
    const run = await Run.start(looped);
    await untilFramesOf(run, "one");
    const release = holdPool();
    const first = run.pipeline.swapModel(model(fixture.model, { id: "two" }));
    await expect(run.pipeline.swapModel(model(fixture.model, { id: "three" }))).rejects.toThrow(
      "Expected one swap at a time",
    );
    await release();
    expect((await first).firstIndex).toBeGreaterThan(0);
    await run.pipeline.swapModel(model(fixture.model, { id: "four" }));
    await untilFramesOf(run, "four");
    await run.stop();
    expect([...new Set(idsOf(run))]).toEqual(["one", "two", "four"]);
  });

  test("ends with CANCELLED or in order when the pipeline stops meanwhile, at any moment", async () => {
    for (const delayMs of [0, 1, 3, 8, 20]) {
      const run = await Run.start(looped);
      const swap = run.pipeline.swapModel(model(fixture.model, { id: "two" })).then(
        () => "swapped",
        (error: { code?: unknown }) => error.code,
      );
      await new Promise((wake) => setTimeout(wake, delayMs)); // the moment is the case
      await run.stop();
      expect(["swapped", "CANCELLED"]).toContain(await swap);
      await expect(run.pipeline.swapModel(looped.model)).rejects.toMatchObject({
        code: "CANCELLED",
      });
    }
  });

  test("in turn lets the former model go first: files wait, and one that is refused brings it back", async () => {
    const run = await Run.start(looped);
    await untilFramesOf(run, "one");
    const how = { inTurn: true };
    const swap = await run.pipeline.swapModel(model(fixture.model, { id: "two" }), how);
    expect(swap.firstIndex).toBe((swap.lastIndex ?? Number.NaN) + 1);
    expect(swap.gapMs).toBeGreaterThanOrEqual(swap.loadMs);
    await untilFramesOf(run, "two");
    const cut = fixture.file("cut-in-turn.onnx");
    writeFileSync(cut, readFileSync(fixture.model).subarray(0, 500));
    await expect(run.pipeline.swapModel(model(cut, { id: "bad" }), how)).rejects.toMatchObject({
      code: "MODEL_INVALID",
    });
    const seen = run.frames.length;
    await run.until((r) => r.frames.length > seen + 20);
    await expect(
      run.pipeline.swapModel(model(fixture.model), { inTurn: 1 as unknown as boolean }),
    ).rejects.toThrow(TypeError);
    await run.stop();
    const models = modelByIndex(run);
    expect([...new Set(models)]).toEqual(["one", "two"]);
    expect(models.indexOf("two")).toBe(swap.firstIndex);
  });

  test.skipIf(!hasData)(
    `over eight files of a real video goes through real models of several families without losing a frame${needsData}`,
    { timeout: 120_000 },
    async () => {
      const path = data("videos/bottle-detection.mp4");
      const sources = Array.from({ length: 8 }, (_, i) => ({
        ...{ ...fileSource(path), loop: true, name: `cam-${i}` },
      }));
      const real = (file: string, decoder: NativeModelOptions["decoder"], labels: string[]) =>
        model(data(`models/${file}`), { id: file, decoder, labels });
      const all = [
        yoloxNano({ id: "nano", minScore: 0.1 }),
        real("fastestdet.onnx", "fastestdet", COCO),
        real("ultraface_rfb_320.onnx", "ultraface", ["face"]),
        real("yunet_n_320.onnx", "yunet", ["face"]),
        real("mobilenet_v2_int8_qdq.onnx", "classification", THOUSAND),
        model(fixture.model, { id: "tiny" }),
        yoloxNano({ id: "nano again", minScore: 0.5 }),
      ];
      const models = FULL ? all : all.slice(2, 5);
      const run = await Run.start({ ...fixture.options({ sources }), model: models[0]! });
      const framesOf = (id: string, source: string) =>
        run.messages
          .flatMap((m) => (m.type === "frames" && m.modelId === id ? m.frames : []))
          .filter((frame) => frame.source === source);
      for (const [at, next] of models.entries()) {
        const id = next.id ?? "";
        if (at > 0) await run.pipeline.swapModel(next);
        await run.until(() => sources.every(({ name }) => framesOf(id, name).length >= 3), 60_000);
      }
      await run.stop();
      for (const { name } of sources) {
        const pairs = run.messages.flatMap((m) =>
          m.type === "frames"
            ? m.frames.filter(({ source }) => source === name).map((f) => ({ id: m.modelId, ...f }))
            : [],
        );
        expect(pairs.map(({ index }) => index)).toEqual(pairs.map((_, i) => i));
        const changes = pairs.filter(({ id }, i) => id !== pairs[i - 1]?.id).map(({ id }) => id);
        expect(changes).toEqual(models.map(({ id }) => id));
      }
      expect(run.stats.at(-1)?.droppedTotal).toBe(0);
    },
  );

  test.skipIf(!existsSync(streetModel("v1")))("exchanges our own street models", async () => {
    const street = (version: string) =>
      model(streetModel(version), { id: version, labels: STREET_LABELS });
    const run = await Run.start({ ...looped, model: street("v1") });
    await untilFramesOf(run, "v1", 2);
    const swap = await run.pipeline.swapModel(street("v2"));
    await untilFramesOf(run, "v2", 2);
    await run.stop();
    expect(modelByIndex(run).indexOf("v2")).toBe(swap.firstIndex);
  });
});

describe("testModel", () => {
  test("says how long loading and the first run take", async () => {
    const times = await addon.testModel(model(fixture.model));
    expect(times.loadMs).toBeGreaterThan(0);
    expect(times.warmMs).toBeGreaterThan(0);
  });

  test("refuses a model whose output is no number", async () => {
    const path = fixture.file("nan.onnx");
    writeFileSync(path, tinyModel({ score: Number.NaN }));
    await expect(addon.testModel(model(path))).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("Expected finite numbers but got 2 of 504") as string,
    });
  });
});
