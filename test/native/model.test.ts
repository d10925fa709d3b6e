import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { addon, COCO, data, Fixture, hasData, LIBRARIES, model, needsData, Run } from "./addon.ts";
import { externalModel, tinyModel } from "./tiny-model.ts";

const fixture = new Fixture();
afterAll(() => fixture.dispose());

/** Starts a pipeline with this model and returns the error it is rejected with. */
async function rejection(options: ReturnType<typeof model>): Promise<unknown> {
  return Run.start(fixture.options({ model: options })).then(
    async (run) => {
      await run.stop();
      return null;
    },
    (error: unknown) => error,
  );
}

function written(name: string, content: Uint8Array): string {
  writeFileSync(fixture.file(name), content);
  return fixture.file(name);
}

const digestOf = (path: string): string =>
  `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;

describe("a model that is named by its digest", () => {
  test("is loaded when its file has it", async () => {
    const digest = digestOf(fixture.model);
    expect(await rejection(model(fixture.model, { digest }))).toBeNull();
  });

  test("is refused when one bit of its file is another", async () => {
    const digest = digestOf(fixture.model);
    const bytes = readFileSync(fixture.model);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const error = await rejection(model(written("flipped.onnx", bytes), { digest }));
    expect(error).toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(String(error)).toContain(
      `Expected the model ${digest} at ${fixture.file("flipped.onnx")}`,
    );
  });

  test("opens no file beside it, though one has just the values that it wants", async () => {
    const { bytes, data } = externalModel("weights.bin");
    written("weights.bin", data);
    const path = written("external.onnx", bytes);
    expect(await rejection(model(path))).toBeNull();
    const error = await rejection(model(path, { digest: digestOf(path) }));
    expect(error).toMatchObject({ code: "MODEL_INVALID" });
    expect(String(error)).toContain(
      "all its data inside but the values of its tensor head lie in another file",
    );
  });

  test("is named by its own file in what its library says of it", async () => {
    const path = written("text.onnx", Buffer.from("no model at all"));
    const error = await rejection(model(path, { digest: digestOf(path) }));
    expect(String(error)).toContain(`ONNX Runtime cannot load ${path}`);
  });
});

describe("a model that cannot be used is refused with the reason", () => {
  test("a file that is not there", async () => {
    const error = await rejection(model("/nowhere/model.onnx"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "MODEL_INVALID" });
    expect(String(error)).toContain("/nowhere/model.onnx");
  });

  test("a truncated file", async () => {
    const whole = readFileSync(fixture.model);
    const path = written("cut.onnx", whole.subarray(0, whole.length / 2));
    expect(await rejection(model(path))).toMatchObject({ code: "MODEL_INVALID" });
  });

  test("one that answers with no number, before it sees a frame", async () => {
    const path = written("nan.onnx", Buffer.from(tinyModel({ score: Number.NaN })));
    expect(await rejection(model(path))).toMatchObject({ code: "MODEL_INVALID" });
  });

  test("labels that do not fit the output, naming both shapes", async () => {
    const error = await rejection(model(fixture.model, { labels: ["a", "b"] }));
    expect(error).toMatchObject({ code: "MODEL_INVALID" });
    expect(String(error)).toContain("Expected an output of shape [1,84,7] for 2 labels");
    expect(String(error)).toContain("got [1,84,6]");
  });

  test("an input and an output for different batches", async () => {
    const path = written("batch.onnx", tinyModel({ input: [4, 3, 64, 64] }));
    const error = await rejection(model(path));
    expect(error).toMatchObject({ code: "MODEL_INVALID" });
    expect(String(error)).toContain(
      "Expected an output of shape [4,84,6] for 1 labels but got [1,84,6]",
    );
  });

  test("a runtime library or backend that is not there", async () => {
    const missing = "/nowhere/lib.so";
    for (const changes of [{ runtimePath: missing }, { backendPath: missing }]) {
      const error = await rejection(model(fixture.model, changes));
      expect(error).toMatchObject({ code: "NATIVE_LOAD" });
      expect(String(error)).toContain(missing);
    }
  });

  test("a library that is no backend", async () => {
    const error = await rejection(model(fixture.model, { backendPath: LIBRARIES.runtimePath }));
    expect(error).toMatchObject({ code: "NATIVE_LOAD" });
    expect(String(error)).toContain("is not a jetfleet backend");
  });
});

describe("inspectModel", () => {
  test("describes inputs and outputs", async () => {
    expect(await addon.inspectModel({ path: fixture.model, ...LIBRARIES })).toEqual({
      inputs: [{ name: "images", shape: [1, 3, 64, 64], type: "float32" }],
      outputs: [{ name: "output", shape: [1, 84, 6], type: "float32" }],
    });
  });

  test("rejects with MODEL_INVALID for what is no model", async () => {
    const path = written("no-model.onnx", Buffer.from("hello"));
    await expect(addon.inspectModel({ path, ...LIBRARIES })).rejects.toMatchObject({
      code: "MODEL_INVALID",
    });
  });

  test.skipIf(!hasData)(`describes a model of two outputs${needsData}`, async () => {
    const info = await addon.inspectModel({
      path: data("models/ultraface_rfb_320.onnx"),
      ...LIBRARIES,
    });
    expect(info.outputs.map((output) => output.shape)).toEqual([
      [1, 4420, 2],
      [1, 4420, 4],
    ]);
  });
});

describe("misuse is a TypeError that names the option", () => {
  test.each([
    [{ ...model(""), threads: 0 }, /a number .* for options\.model\.threads/],
    [{ ...model(""), labels: [] }, /at least one string for options\.model\.labels/],
    [{ ...model(""), minScore: Number.NaN }, /options\.model\.minScore/],
    [null, /an object for options\.model/],
  ])("%#", async (wrong, message) => {
    const options = { ...fixture.options(), model: wrong } as ReturnType<typeof fixture.options>;
    const attempt = addon.startPipeline(options, () => {});
    await expect(attempt).rejects.toThrow(TypeError);
    await expect(attempt).rejects.toThrow(message);
  });

  test("pixels that do not fill the picture", async () => {
    const image = { rgb: new Uint8Array(10), width: 2, height: 2 };
    await expect(addon.detectImage(model(fixture.model), image)).rejects.toThrow(
      "Expected 12 bytes for image.rgb but got 10",
    );
  });
});

test.skipIf(!hasData)(`yolox_nano needs its 80 labels${needsData}`, async () => {
  const error = await rejection(model(data("models/yolox_nano.onnx"), { labels: COCO.slice(1) }));
  expect(String(error)).toContain("Expected an output of shape [1,3549,84] for 79 labels");
});
