import { describe, expect, it } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { planFor, readModel } from "../../../fleet/plan/index.ts";
import { PlanSummary } from "../../../fleet/spec/index.ts";
import { demandFailures, warningsOf } from "../../../infra/provider/plan/demand-failures.ts";
import type { PlanQuestion } from "../../../infra/provider/plan/plan-question.ts";
import { summarisePlan } from "../../../infra/provider/plan/plan-summary.ts";
import { writeModel } from "../../plan/support/onnx-writer.ts";

const question = (minFps: number | undefined): PlanQuestion => ({
  digest: `sha256:${"0".repeat(64)}`,
  board: "tx2",
  module: "tx2",
  jetpack: "4.6.1",
  powerMode: "MAXN",
  libraryFaults: [],
  accelerator: undefined,
  precision: undefined,
  minFps,
  latencyMs: undefined,
  streams: [],
});

/** One convolution, or one of a size that only the picture decides. */
function previewed(size: number | string, minFps?: number) {
  const model = readModel(
    writeModel({
      inputs: { x: [1, 64, size, size] },
      outputs: ["y"],
      tensors: [{ name: "k", dims: [64, 64, 3, 3], raw: new Uint8Array(4 * 64 * 64 * 9) }],
      nodes: [{ op: "Conv", name: "conv", inputs: ["x", "k"], outputs: ["y"] }],
    }),
  );
  const module = findModule("tx2");
  if (!module) throw new Error("no tx2");
  const plan = planFor(model, module, minFps === undefined ? {} : { minFps });
  const asked = question(minFps);
  const warnings = warningsOf(plan, asked);
  const summary = PlanSummary.parse(summarisePlan(plan, asked, { notes: [], warnings }));
  return { failures: demandFailures(plan, asked), warnings, summary };
}

describe("what preview says of a demand", () => {
  it("that is met: nothing", () => {
    const { failures, warnings, summary } = previewed(64, 1);
    expect([failures, warnings]).toEqual([[], []]);
    expect(summary).toMatchObject({ verdict: "runs", demand: "met" });
  });

  it("that is not: a failure", () => {
    const { failures, summary } = previewed(640, 100_000);
    expect(failures.map(({ code }) => code)).toEqual(["DEMAND_IMPOSSIBLE"]);
    expect(summary).toMatchObject({ verdict: "refused", demand: "missed" });
  });

  it("of which nobody can say: a warning that names the node and what helps, and no failure", () => {
    const { failures, warnings, summary } = previewed("h", 30);
    expect(failures).toEqual([]);
    expect(warnings.join("\n")).toMatch(
      /whether it gives 30 fps cannot be said; of conv \(Conv\).*what helps: export the model with fixed/,
    );
    expect(summary).toMatchObject({ verdict: "runs", demand: "unknown" });
    expect(summary.estimatedFps).toBeUndefined();
  });

  it("that nobody made: no outcome", () => {
    expect(previewed("h").summary.demand).toBeUndefined();
  });
});
