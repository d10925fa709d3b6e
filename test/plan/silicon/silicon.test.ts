import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ACTIVATION_OVER_LIVE } from "../../../fleet/plan/calibration/memory-logs.ts";
import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import { fuse } from "../../../fleet/plan/estimate/kernels.ts";
import { piece } from "../support/listing.ts";
import { agreementOf, spearman } from "./agreement.ts";
import { activationBytes, agreementWith, modelOf } from "./compare.ts";
import { EngineReport, toReport } from "./engine-report.ts";

const XAVIER = { trt: 806, arch: "volta", precision: "fp16" } as const;
const BUILT = {
  precision: "fp16",
  level: 3,
  tactics: "plain",
  buildSeconds: 40,
  engineBytes: 1e6,
} as const;

const layers = piece(`
  Conv_0 x
  Relu_1 Conv_0
  Conv_2 Relu_1
  Sigmoid_3 Conv_2
  Mul_4 Conv_2 Sigmoid_3`);

/** A report on an engine whose layers bear these names. */
function reportOf(...names: string[]): EngineReport {
  const measured = {
    tensorrt: "8.6.1",
    gpu: "none",
    deviceMemoryBytes: 1,
    enqueueMs: 1,
    layerMs: names.map((name, at): [string, number] => [name, names.length - at]),
    engine: {
      Layers: names.map((Name) => ({ Name, LayerType: "Convolution", Metadata: "" })),
    },
  };
  return toReport(
    "piece-fp16",
    1,
    BUILT,
    measured,
    new Map(layers.map(({ name }) => [name, name])),
  );
}

const kernels = fuse(placeOnGpu(layers), XAVIER);
const compared = (...names: string[]): ReturnType<typeof agreementOf> =>
  agreementOf(layers, kernels, ({ flops }) => flops, reportOf(...names));

describe("agreement with an engine", () => {
  it("is whole where it fuses what we fuse", () => {
    const agreement = compared("Conv_0 + Relu_1", "Conv_2", "PWN(PWN(Sigmoid_3), Mul_4)");
    expect(agreement).toMatchObject({ both: 2, onlyEngine: [], onlyOurs: [] });
    expect(agreement).toMatchObject({ engineLaunches: 3, ourLaunches: 3 });
  });

  it("names the pairs that only one of both fuses", () => {
    const agreement = compared("Conv_0", "Relu_1", "Conv_2 + PWN(PWN(Sigmoid_3), Mul_4)");
    expect(agreement.onlyOurs).toEqual([["Conv_0", "Relu_1"]]);
    expect(agreement.onlyEngine).toEqual([
      ["Conv_2", "Sigmoid_3"],
      ["Conv_2", "Mul_4"],
    ]);
  });

  it("does not take a copy for the node that it serves", () => {
    const reformat = "Reformatting CopyNode for Input Tensor 0 to Conv_0 + Relu_1";
    expect(reportOf(reformat, "Conv_0 + Relu_1").layers.map(({ nodes }) => nodes)).toEqual([
      [],
      ["Conv_0", "Relu_1"],
    ]);
  });
});

describe("correlation of ranks", () => {
  it.each([
    [[1, 2, 3], [10, 20, 30], 1],
    [[1, 2, 3], [30, 20, 10], -1],
    [[1, 2, 2, 3], [1, 3, 3, 9], 1],
    [[1, 2, 3, 4], [2, 1, 4, 3], 0.6],
  ])("of %j and %j is %f", (left, right, expected) => {
    expect(spearman(left.map((one, at) => [one, right[at] ?? 0]))).toBeCloseTo(expected, 10);
  });
});

const folder = join(import.meta.dirname, "results/tensorrt");
const engines = readdirSync(folder)
  .sort()
  .map((file) => EngineReport.parse(JSON.parse(readFileSync(join(folder, file), "utf8"))))
  .map((report) => {
    const model = modelOf(report.name);
    const absent = model === null ? " (skipped: its model is not beside the project)" : "";
    return { report, model, absent };
  });

describe("an engine that TensorRT 8.6 built on a GPU", () => {
  for (const { report, model, absent } of engines) {
    it.skipIf(model === null)(`fuses what we fuse, both ways: ${report.name}${absent}`, () => {
      if (model === null) return;
      const { both, onlyEngine, onlyOurs } = agreementWith(report, model);
      expect(both).toBeGreaterThan(0);
      expect(both / (both + onlyEngine.length)).toBeGreaterThanOrEqual(0.9);
      expect(both / (both + onlyOurs.length)).toBeGreaterThanOrEqual(0.85);
    });

    it.skipIf(model === null)(
      `needs memory within the spread of plans: ${report.name}${absent}`,
      () => {
        if (model === null) return;
        const { low, high } = ACTIVATION_OVER_LIVE;
        const ratio = report.deviceMemoryBytes / activationBytes(report, model);
        expect(ratio).toBeGreaterThan(low);
        expect(ratio).toBeLessThan(high);
      },
    );
  }
});
