import { describe, expect, it } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { planFor } from "../../../fleet/plan/index.ts";
import type { Candidate, Plan } from "../../../fleet/plan/plan-schema.ts";
import { HAS_SHARED_MODELS, network, SHARED_SUFFIX, sharedModel } from "../support/models.ts";
import { moduleNamed } from "../support/plans.ts";

function way({ candidates }: Plan, name: Candidate["accelerator"]): Candidate {
  const found = candidates.find(({ accelerator }) => accelerator === name);
  if (!found) throw new Error(`no way ${name}`);
  return found;
}

function planOn(board: string, model: Parameters<typeof planFor>[0], jetpack: string): Plan {
  return planFor(model, moduleNamed(board), { jetpack, precision: "fp16" });
}

describe("a GPU of which no figure was fitted", () => {
  // Published: 0.98 to 1.01 ms.
  it("has an interval that reaches what is known of it: ResNet-50 in INT8 on AGX Orin", () => {
    const orin = findModule("agx-orin");
    if (!orin) throw new Error("no agx-orin");
    const { latencyMs, published } = way(
      planFor(network("resnet50"), orin, { jetpack: "5.1.2", precision: "int8" }),
      "gpu",
    );
    expect(published).toBe(false);
    expect(latencyMs?.low).toBeLessThan(0.98);
    expect(latencyMs?.high).toBeGreaterThan(1.01);
  });
});

describe("a DLA in FP16", () => {
  // Published: 17.73 ms, where INT8 takes 1.28.
  it("of Orin is an order of magnitude slower than in INT8: ResNet-50", () => {
    const { latencyMs } = way(planOn("agx-orin", network("resnet50"), "5.1.2"), "dla0");
    expect(latencyMs?.low).toBeLessThan(17.73);
    expect(latencyMs?.high).toBeGreaterThan(17.73);
  });

  // Published for an Orin NX: 465 a second on the GPU against 103 on the DLA, FP16, with the same layers falling back.
  it.skipIf(!HAS_SHARED_MODELS)(
    `of Orin NX is several times slower than its GPU, and auto stays there: YOLOX-nano${SHARED_SUFFIX}`,
    () => {
      const made = planOn("orin-nx-16gb", sharedModel("yolox_nano.onnx"), "6.1");
      const ratio = (way(made, "gpu").fps?.expected ?? 0) / (way(made, "dla0").fps?.expected ?? 1);
      expect(ratio).toBeGreaterThan(465 / 103 / 2);
      expect(ratio).toBeLessThan((2 * 465) / 103);
      expect(made.chosen?.accelerator).toBe("gpu");
    },
  );
});

describe("a DLA that passes work back and forth", () => {
  it("pays for each loadable after the first", () => {
    const { latencyMs, loadables, busy } = way(
      planOn("agx-xavier", network("yolov3_spp"), "5.1.2"),
      "dla0",
    );
    const idle = 1 - busy.gpu - busy.dla0;
    expect(loadables).toBeGreaterThan(1);
    expect(idle * (latencyMs?.expected ?? 0)).toBeCloseTo(0.2 * (loadables - 1), 6);
  });
});

describe("a split", () => {
  it("keeps every device busy at most all the time, and the GPU always", () => {
    const { busy } = way(planOn("agx-xavier", network("resnet50"), "5.1.2"), "split");
    expect(busy.gpu).toBe(1);
    expect(busy.dla0).toBeLessThanOrEqual(1);
    expect(busy.dla0).toBeGreaterThan(0.9);
    expect(busy.dla1).toBe(busy.dla0);
  });
});
