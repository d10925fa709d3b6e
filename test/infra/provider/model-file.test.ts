import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { planFor, readModel } from "../../../fleet/plan/index.ts";
import type { OnnxTensor } from "../../../fleet/plan/onnx/index.ts";
import { checkDecoder } from "../../../infra/provider/model/check-decoder.ts";
import { readModelFile } from "../../../infra/provider/model/model-file.ts";
import { writeModel } from "../../plan/support/onnx-writer.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-model-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function fileOf(bytes: Uint8Array): string {
  const path = join(dir, "model.onnx");
  writeFileSync(path, bytes);
  return path;
}

describe("a model's file", () => {
  test("tells its digest, size, operator set, inputs and outputs", async () => {
    const bytes = tinyOnnx(3, { opset: 11 });
    const { digest, sizeBytes, model } = await readModelFile(fileOf(bytes));
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(sizeBytes).toBe(bytes.length);
    expect(model).toMatchObject({
      opset: 11,
      graph: {
        inputs: [{ name: "x", type: "float32", dims: [1, 3, 64, 64] }],
        outputs: [{ name: "y", dims: [1, 84, 8] }],
      },
    });
  });

  test("cut off anywhere is refused, with its path and length", async () => {
    const whole = tinyOnnx(3);
    for (let length = 0; length < whole.length; length++) {
      const path = fileOf(whole.subarray(0, length));
      await expect(readModelFile(path), `${length} bytes`).rejects.toThrow(
        `Expected an ONNX model in ${path} but `,
      );
    }
  });

  test.each([
    ["of an operator set that the planner does not understand", tinyOnnx(1, { opset: 24 })],
    ["with an operator of nobody's", tinyOnnx(1, { op: "Teleport" })],
  ])("%s is read, as the runtime judges it", async (_what, bytes) => {
    const { model } = await readModelFile(fileOf(bytes));
    expect(checkDecoder("yolox", model, 1)).toEqual([]);
  });

  test.each([
    ["no version of the format", tinyOnnx(1).subarray(2), "names no version"],
    ["a graph without nodes", writeModel({}), "its graph is empty"],
    ["no operator set", tinyOnnx(1, { opset: 0 }), "names no operator set"],
  ])("with %s is refused", async (_what, bytes, reason) => {
    await expect(readModelFile(fileOf(bytes))).rejects.toThrow(reason);
  });
});

describe("a model without its weights", () => {
  const big = { name: "w", dims: [64, 64, 5, 5], raw: new Uint8Array(4 * 64 * 64 * 25) };
  const sides = new Uint8Array(new BigInt64Array([1n, 64n, 16n, 16n]).buffer);
  const shape = { name: "s", dims: [4], type: 7, raw: sides };
  const bytes = writeModel({
    inputs: { x: [1, 64, 16, 16] },
    outputs: ["y"],
    tensors: [big, shape],
    nodes: [
      { op: "Conv", inputs: ["x", "w"], outputs: ["v"], attributes: { pads: [2, 2, 2, 2] } },
      { op: "Reshape", inputs: ["v", "s"], outputs: ["y"] },
    ],
  });

  test("holds no view of the file, neither of its weights nor of its small constants", async () => {
    const { model } = await readModelFile(fileOf(bytes));
    const views = ({ raw, packed }: OnnxTensor) => [raw, packed?.bytes].filter((view) => view);
    const kept = [...model.graph.initializers.values()].flatMap(views);
    expect(model.graph.initializers.get("w")?.dims).toEqual(big.dims);
    expect(kept.every((view) => view?.buffer.byteLength === view?.byteLength)).toBe(true);
    expect(kept.reduce((sum, view) => sum + (view?.byteLength ?? 0), 0)).toBeLessThan(100);
  });

  test("is planned as the whole file is", async () => {
    const { model } = await readModelFile(fileOf(bytes));
    const board = findModule("agx-xavier");
    if (!board) throw new Error("no such board");
    expect(planFor(model, board)).toEqual(planFor(readModel(bytes), board));
  });

  test.each(["street-v1-b1", "street-v2-b8"])("is planned alike from %s", async (name) => {
    const path = join(import.meta.dirname, `../../../models/${name}.onnx`);
    const board = findModule("agx-xavier");
    if (!board) throw new Error("no such board");
    const { model } = await readModelFile(path);
    expect(planFor(model, board)).toEqual(planFor(readModel(readFileSync(path)), board));
  });
});

describe("the yolox decoder", () => {
  const { graph, ...rest } = readModel(tinyOnnx(1));
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (!input || !output) throw new Error("the tiny model has lost an end");
  const tensor: OnnxTensor = {
    name: "w",
    type: "float32",
    dims: [1],
    raw: null,
    packed: null,
    loose: null,
    externalFile: "model.data",
  };
  const node = { name: "c", op: "Constant", domain: "", inputs: [], outputs: ["c"] };

  test.each([
    ["weights beside the file", { initializers: new Map([["w", tensor]]) }, /data in model\.data/],
    [
      "a constant beside the file",
      { nodes: [{ ...node, attributes: { value: { kind: "tensor", value: tensor } } }] },
      /data in model\.data/,
    ],
    ["no input", { inputs: [] }, /one input, got 0/],
    ["two inputs", { inputs: [input, input] }, /one input, got 2/],
    ["two outputs", { outputs: [output, output] }, /one output, got 2/],
    ["bytes for input", { inputs: [{ ...input, type: "uint8" }] }, /got uint8 \[1,3,64,64\]/],
    ["an odd side", { inputs: [{ ...input, dims: [1, 3, 64, 65] }] }, /got float32 \[1,3,64,65\]/],
    ["no shape", { inputs: [{ ...input, dims: null }] }, /got float32 of any shape/],
    ["two sides", { outputs: [{ ...output, dims: ["N", null] }] }, /got float32 \[N,\?\]/],
  ])("refuses a model with %s", (_what, change, reason) => {
    const failures = checkDecoder(
      "yolox",
      { ...rest, graph: { ...graph, ...change } as typeof graph },
      1,
    );
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: "MODEL_INVALID", property: "source" });
    expect(failures[0]?.reason).toMatch(reason);
  });

  test.each([
    ["a batch of any size", { inputs: [{ ...input, dims: ["N", 3, 64, 64] }] }],
    ["sides of any size", { inputs: [{ ...input, dims: [1, 3, null, "W"] }] }],
    ["columns of any number", { outputs: [{ ...output, dims: [1, 84, null] }] }],
  ])("takes a model with %s", (_what, change) => {
    expect(
      checkDecoder("yolox", { ...rest, graph: { ...graph, ...change } as typeof graph }, 1),
    ).toEqual([]);
  });

  test("reads the classes of each decoder where they stand", () => {
    const grid = { ...output, dims: [1, 6, 4, 4] };
    const fast = { ...rest, graph: { ...graph, outputs: [grid] } as typeof graph };
    expect(checkDecoder("fastestdet", fast, 1)).toEqual([]);
    expect(checkDecoder("fastestdet", fast, 2)).toMatchObject([
      { property: "labels", reason: expect.stringContaining("expected 1 labels") },
    ]);
    expect(checkDecoder("fastestdet", { ...rest, graph }, 1)[0]?.reason).toContain(
      "decoder fastestdet expected output float32 [N,5+C,H/16,W/16]",
    );
  });
});
