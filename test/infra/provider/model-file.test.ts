import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { planFor, readModel } from "../../../fleet/plan/index.ts";
import type { OnnxTensor } from "../../../fleet/plan/onnx/index.ts";
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
