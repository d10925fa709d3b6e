import { describe, expect, it } from "vitest";
import { type OnnxModel, Plan, type PlanOptions } from "../../fleet/plan/index.ts";
import {
  HAS_SHARED_MODELS,
  network,
  SHARED_SUFFIX,
  sharedModel,
  street,
} from "./support/models.ts";
import { plan } from "./support/plans.ts";

type Place = readonly [board: "tx2" | "agx-xavier", jetpack: "4.6.1" | "5.1.2"];
const TX2: Place = ["tx2", "4.6.1"];
const XAVIER_4: Place = ["agx-xavier", "4.6.1"];
const XAVIER_5: Place = ["agx-xavier", "5.1.2"];
const PLACES = [TX2, XAVIER_4, XAVIER_5];

function planAt([id, jetpack]: Place, model: OnnxModel, options: PlanOptions = {}): Plan {
  return plan(model, id, { jetpack, ...options });
}

/** What a DLA takes of a model: layers on it and beside it, and loadables. */
function onDla(plan: Plan): { dla: number; gpu: number; loadables: number } | null {
  const found = plan.candidates.find(({ accelerator }) => accelerator === "dla0");
  return (
    (found && { dla: found.dlaLayers, gpu: found.gpuLayers, loadables: found.loadables }) ?? null
  );
}

function fallbacks({ diagnostics }: Plan): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { rule, nodes } of diagnostics.filter((one) => one.rule.startsWith("dla."))) {
    counted[rule] = (counted[rule] ?? 0) + nodes.length;
  }
  return counted;
}

describe.each(PLACES)("on %s with JetPack %s", (...place) => {
  it.each([
    ["the project's own model", street],
    ["a float MobileNetV2", () => network("mobilenet_v2")],
  ])("%s runs, with a sensible estimate", (_label, model) => {
    const plan = planAt(place, model());
    expect(plan.verdict).toBe("runs");
    expect(plan.tensorrt).toBe(place[1] === "4.6.1" ? "8.2.1" : "8.5.2");
    expect(plan.chosen?.latencyMs?.expected).toBeGreaterThan(0.3);
    expect(plan.chosen?.latencyMs?.expected).toBeLessThan(50);
    expect(plan.layers).toHaveLength(plan.model.layers);
    expect(plan.memoryMib?.low).toBeGreaterThan(300);
  });

  it.skipIf(!HAS_SHARED_MODELS)(
    `the QOperator MobileNetV2 is refused with all 65 nodes${SHARED_SUFFIX}`,
    () => {
      const plan = planAt(place, sharedModel("mobilenet_v2_int8_qdq.onnx"));
      const [refusal] = plan.diagnostics;
      expect(plan.verdict).toBe("refused");
      expect(plan.chosen).toBeNull();
      expect(plan.buildMinutes).toBeNull();
      expect(refusal?.rule).toBe("onnx.quantised-operator");
      const nodes = plan.diagnostics.flatMap((one) => (one.severity === "error" ? one.nodes : []));
      // 52 QLinearConv, 11 QLinearAdd, one pooling and one matrix product.
      expect(new Set(nodes).size).toBe(65);
    },
  );
});

describe("on TX2", () => {
  it("there is the GPU alone, and every layer is on it", () => {
    const plan = planAt(TX2, street());
    expect(plan.candidates.map(({ accelerator }) => accelerator)).toEqual(["gpu"]);
    expect(plan.layers.every(({ device, rule }) => device === "gpu" && rule === null)).toBe(true);
  });

  it("INT8 is refused, and FP16 named with its estimate", () => {
    const plan = planAt(TX2, street(), { precision: "int8", minFps: 60 });
    expect(plan.verdict).toBe("refused");
    expect(plan.summary).toMatch(
      /^INT8 on Jetson TX2: sm_62 has no fast INT8; FP16 is estimated at \d+ to \d+ fps, you ask for 60$/,
    );
    expect(plan.chosen?.precision).toBe("fp16");
  });
});

describe.each([XAVIER_4, XAVIER_5])("on %s with JetPack %s, a DLA", (...place) => {
  it("takes the project's own model but its last reshapes, in one loadable", () => {
    const plan = planAt(place, street());
    expect(onDla(plan)).toEqual({ dla: 105, gpu: 5, loadables: 1 });
    expect(fallbacks(plan)).toEqual({ "dla.kind": 4, "dla.rank": 1 });
  });

  it("takes MobileNetV2 but its mean over the picture and its flattening", () => {
    const plan = planAt(place, network("mobilenet_v2"));
    expect(onDla(plan)).toEqual({ dla: 98, gpu: 2, loadables: 2 });
    const left = plan.layers.filter(({ rule }) => rule !== null).map(({ layer }) => layer);
    expect(left).toEqual(["reduce", "shuffle"]);
  });

  it.skipIf(!HAS_SHARED_MODELS)(
    `takes YOLOX-nano but its focus slices, wide poolings and head${SHARED_SUFFIX}`,
    () => {
      const plan = planAt(place, sharedModel("yolox_nano.onnx"));
      expect(plan.model.layers).toBe(369);
      expect(onDla(plan)).toEqual({ dla: 354, gpu: 15, loadables: 2 });
      expect(fallbacks(plan)).toEqual({
        "dla.slice": 8,
        "dla.pool.window": 2,
        "dla.kind": 4,
        "dla.rank": 1,
      });
      // No figure of DLA in FP16 was published, so auto does not choose it unasked.
      expect(plan.chosen).toMatchObject({ accelerator: "gpu", published: true });
    },
  );
});

describe.skipIf(!HAS_SHARED_MODELS)(`FastestDet${SHARED_SUFFIX}`, () => {
  const model = (): OnnxModel => sharedModel("fastestdet.onnx");

  it("is cut into 15 loadables by its channel shuffles, of which TensorRT 8.2 keeps eight", () => {
    const [older, newer] = [planAt(XAVIER_4, model()), planAt(XAVIER_5, model())];
    expect(onDla(older)?.loadables).toBe(8);
    expect(onDla(newer)?.loadables).toBe(15);
    expect(fallbacks(older)["dla.loadables"]).toBeGreaterThan(0);
    expect(fallbacks(newer)["dla.loadables"]).toBeUndefined();
  });

  it("is therefore slower on a DLA than on the GPU, and stays there", () => {
    for (const place of [XAVIER_4, XAVIER_5]) {
      const { candidates, chosen } = planAt(place, model());
      const [gpu, dla] = ["gpu", "dla0"].map((name) =>
        candidates.find(({ accelerator }) => accelerator === name),
      );
      expect(dla?.fps?.expected).toBeLessThan(gpu?.fps?.expected ?? 0);
      expect(chosen?.accelerator).toBe("gpu");
    }
  });
});
