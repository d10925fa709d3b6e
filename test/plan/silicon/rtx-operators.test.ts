import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readModel } from "../../../fleet/plan/index.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { mappedForRtx } from "../../../fleet/plan/tensorrt-rtx.ts";
import { writeModel } from "../support/onnx-writer.ts";
import { plan } from "../support/plans.ts";
import { NEWEST } from "./compare.ts";

const Refused = z.string().nullable();
const Row = z.strictObject({
  op: z.string(),
  what: z.string(),
  "x86-t4": Refused,
  "x86-l4": Refused,
});
const file = join(import.meta.dirname, "results/rtx-operators.json");
const rows = z.array(Row).parse(JSON.parse(readFileSync(file, "utf8")));

describe("an operator by itself", () => {
  const plain = rows.filter(({ what }) => what === "");

  it.each(plain)("is taken as TensorRT-RTX takes it: $op", ({ op, ...refused }) => {
    const nodes = [{ op, name: "it", inputs: ["x"], outputs: ["y"] }];
    const model = readModel(writeModel({ inputs: { x: [1, 16, 8, 8] }, outputs: ["y"], nodes }));
    const shaped = inferShapes(model);
    const isLive = shaped.live.length > 0;
    const { refusals } = mappedForRtx(mapGraph(shaped, NEWEST), shaped);
    for (const error of [refused["x86-t4"], refused["x86-l4"]]) {
      expect(refusals.length > 0).toBe(isLive && error !== null);
    }
  });
});

describe("a matrix product in FP32", () => {
  const products = rows.filter(({ what }) => what === "fp32");

  it.each(
    products.flatMap((row) => (["x86-t4", "x86-l4"] as const).map((board) => ({ ...row, board }))),
  )("is taken as TensorRT-RTX takes it: $op for $board", ({ op, board, ...row }) => {
    const model = readModel(writeModel(sketchOf(op)));
    const { diagnostics } = plan(model, board, { precision: "fp32" });
    const isRefused = diagnostics.some(({ rule }) => rule === "gpu.fp32-product");
    expect(isRefused).toBe(row[board] !== null);
  });

  it("is refused for its type, and not for anything else", () => {
    const refused = products.flatMap((row) => row["x86-t4"] ?? []);
    expect(refused).toHaveLength(6);
    for (const error of refused) expect(error).toContain("for Turing (SM75)");
  });
});

function sketchOf(op: string): Parameters<typeof writeModel>[0] {
  const recurrent: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3, RNN: 1 };
  const gates = recurrent[op];
  const constant = (name: string, ...dims: number[]) => ({
    name,
    dims,
    raw: new Uint8Array(4 * dims.reduce((all, dim) => all * dim, 1)),
  });
  if (gates !== undefined) {
    return {
      inputs: { x: [4, 1, 8] },
      outputs: ["y"],
      tensors: [constant("w", 1, 8 * gates, 8), constant("r", 1, 8 * gates, 8)],
      nodes: [{ op, inputs: ["x", "w", "r"], outputs: ["y"], attributes: { hidden_size: 8 } }],
    };
  }
  const isPicture = op.startsWith("Conv");
  return {
    inputs: { x: isPicture ? [1, 16, 8, 8] : [4, 16] },
    outputs: ["y"],
    tensors: [isPicture ? constant("w", 16, 16, 1, 1) : constant("w", 16, 8)],
    nodes: [
      {
        op,
        inputs: ["x", "w"],
        outputs: ["y"],
        ...(op === "Einsum" ? { attributes: { equation: "ij,jk->ik" } } : {}),
      },
    ],
  };
}

describe("a convolution between quantising pairs", () => {
  const convolutions = rows.flatMap((row) => {
    const found = /quantised fp32, (u?int8) zero point (\d+)/.exec(row.what);
    return found && row.op === "Conv" ? [{ ...row, type: found[1], zero: Number(found[2]) }] : [];
  });

  it.each(convolutions)("is taken as TensorRT-RTX takes it: $what", ({ type, zero, ...row }) => {
    const model = readModel(
      writeModel({
        inputs: { x: [1, 16, 8, 8] },
        outputs: ["y"],
        tensors: [
          { name: "s", dims: [], float: [1] },
          { name: "z", dims: [], type: type === "int8" ? 3 : 2, int32: [zero] },
        ],
        nodes: [
          { op: "QuantizeLinear", inputs: ["x", "s", "z"], outputs: ["q"] },
          { op: "DequantizeLinear", inputs: ["q", "s", "z"], outputs: ["y"] },
        ],
      }),
    );
    const shaped = inferShapes(model);
    const { refusals } = mappedForRtx(mapGraph(shaped, NEWEST), shaped);
    for (const error of [row["x86-t4"], row["x86-l4"]])
      expect(refusals.length > 0).toBe(error !== null);
  });
});
