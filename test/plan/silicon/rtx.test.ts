import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { writeModel } from "../support/onnx-writer.ts";
import { agreementWithRtx, modelOf } from "./compare.ts";
import { RtxReport, toRtxReport } from "./rtx-report.ts";

const folder = join(import.meta.dirname, "results/rtx");
const reports = readdirSync(folder)
  .sort()
  .map((file) => RtxReport.parse(JSON.parse(readFileSync(join(folder, file), "utf8"))));
const titled = reports.map((report) => {
  const model = modelOf(report.model);
  const absent = model === null ? " (skipped: its model is not beside the project)" : "";
  return { ...report, graph: model, absent };
});
const refused = titled.filter(({ error }) => error !== null);
const engines = titled.filter(({ error }) => error === null);

// What we fuse and an engine does not, by model: where its choices follow no rule that we could find.
const SUMS = "another product than the deeper one takes a sum";
const LEAKY = "on Ada, some leaky activations before a concatenation are launched apart";
const REDUCED = "before large reductions and the first convolution, functions are launched apart";
const SCALES = "on Turing, a few scales before a sum are launched apart";
const APART: Readonly<Record<string, readonly [why: string, pairs: number]>> = {
  "fcn_resnet18 x86-t4": [SUMS, 2],
  "fcn_resnet18 x86-l4": [SUMS, 2],
  "resnet50 x86-t4": [SUMS, 1],
  "resnet50 x86-l4": [SUMS, 1],
  "resnet101 x86-t4": [SUMS, 1],
  "resnet101 x86-l4": [SUMS, 1],
  "person_reid_0288 x86-t4": [`${SUMS}; ${REDUCED}`, 8],
  "person_reid_0288 x86-l4": [`${SUMS}; ${REDUCED}`, 8],
  "ultraface_rfb_320 x86-t4": [SCALES, 2],
  "yolov3_spp x86-l4": [LEAKY, 1],
  "yolov4 x86-l4": [LEAKY, 4],
  "yolov4_tiny x86-l4": [LEAKY, 3],
};

/** The least share of its fused pairs that we fuse, where it is below nine of ten. */
const SHARES: Readonly<Record<string, readonly [why: string, share: number]>> = {
  "person_reid_0288 x86-l4": [
    "gates of single pixels, and norms of few values, are one kernel",
    0.89,
  ],
};

describe("an engine that TensorRT-RTX built", () => {
  for (const { graph, absent, ...report } of engines) {
    const { model, precision, board } = report;
    it.skipIf(graph === null)(
      `fuses what we fuse, ${model} for ${board} in ${precision}${absent}`,
      () => {
        if (graph === null) return;
        const agreement = agreementWithRtx(report, graph);
        const { both, onlyEngine, onlyOurs, engineLaunches, ourLaunches } = agreement;
        expect(onlyOurs).toHaveLength(APART[`${model} ${board}`]?.[1] ?? 0);
        const share = both / (both + onlyEngine.length);
        expect(share).toBeGreaterThanOrEqual(SHARES[`${model} ${board}`]?.[1] ?? 0.9);
        expect(Math.abs(ourLaunches / engineLaunches - 1)).toBeLessThanOrEqual(0.15);
      },
    );
  }
});

describe("what TensorRT-RTX refuses", () => {
  it("is FP32 matrix products for Turing, and the model of quantised operators", () => {
    expect(refused.map(({ model, precision, board }) => `${model} ${precision} ${board}`)).toEqual([
      "mobilenet_v2 fp32 x86-t4",
      "mobilenet_v2_int8_qdq fp32 x86-l4",
      "mobilenet_v2_int8_qdq fp32 x86-t4",
    ]);
  });

  for (const { graph, absent, error, board } of refused.filter(({ model }) => /qdq/.test(model))) {
    it.skipIf(graph === null)(`starts where our refusals start, for ${board}${absent}`, () => {
      if (graph === null) return;
      const [first] = mapGraph(inferShapes(graph), 1003).refusals;
      expect(error).toContain(graph.graph.nodes[0]?.op);
      expect(first?.rule).toBe("onnx.quantised-operator");
    });
  }
});

describe("the report on an engine", () => {
  const graph = readModel(
    writeModel({
      inputs: { x: [1, 8, 16, 16] },
      outputs: ["b"],
      nodes: [
        { op: "Relu", name: "first", inputs: ["x"], outputs: ["a"] },
        { op: "Relu", name: "", inputs: ["a"], outputs: ["b"] },
      ],
    }),
  );
  const facts = { tensorrtRtx: "1.7.1", computeCapability: 89 };
  const name = { name: "two", precision: "fp16" };
  const line = (type: string, ...nodes: string[]): string =>
    `Name: a_1, LayerType: ${type}, Inputs: [ { Name: x, Format: Row } ], Metadata: ${nodes.map((node) => `[ONNX Layer: ${node}]`).join("")}`;
  const launchesOf = (...lines: string[]): unknown =>
    toRtxReport(
      name,
      { ...facts, buildSeconds: 0.5, engineBytes: 1, log: [...MEMORY, ...lines] },
      graph,
    ).launches;
  const MEMORY = ["Total Activation Memory: 20 bytes", "Total Weights Memory: 10 bytes"];

  it("has the memory of the log, and the board of the compute capability", () => {
    const built = { ...facts, buildSeconds: 0.5, engineBytes: 1, log: MEMORY };
    expect(toRtxReport(name, built, graph)).toMatchObject({
      board: "x86-l4",
      activationBytes: 20,
      weightsBytes: 10,
    });
  });

  it("calls a node that has no name as we do, and leaves out what waits and what is no node", () => {
    expect(
      launchesOf(line("signal"), line("correlation", "first", "node_of_b", "first", "none")),
    ).toEqual(["correlation first Relu_1"]);
  });

  it("leaves a node to the launch that computes it, where a generated kernel only moves for it", () => {
    expect(launchesOf(line("kgen", "first"), line("correlation", "first"))).toEqual([
      "kgen",
      "correlation first",
    ]);
  });

  it("says why there is none", () => {
    expect(toRtxReport(name, { ...facts, error: "no" }, graph)).toMatchObject({
      error: "no",
      launches: [],
    });
  });

  it("refuses a log that does not tell the memory", () => {
    const built = { ...facts, buildSeconds: 0.5, engineBytes: 1, log: [] };
    expect(() => toRtxReport(name, built, graph)).toThrow(/activationBytes/);
  });
});
