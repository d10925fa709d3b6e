import { describe, expect, it } from "vitest";
import { NO_PALETTE } from "../../cli/render/colour.ts";
import { statusLines } from "../../cli/render/status-text.ts";
import type { BudgetNow } from "../../fleet/contract/index.ts";
import { ABSENT, PLAN, REFUSED, type Told, viewOf } from "./support/planned.ts";
import { OLD_DIGEST } from "./support/truth-report.ts";

const NOW = 1_800_000_000_000;
const GPU = { backend: "tensorrt", accelerator: "gpu", precision: "fp16" };
const ten = (fps: number): number[] => Array<number>(11).fill(fps);

function pipelineOf(told: Told) {
  return viewOf({ door: told }, NOW).devices[0]?.pipelines[0];
}

function sectionOf(devices: Record<string, Told>, width = 80): string {
  const text = statusLines(viewOf(devices, NOW), width, NO_PALETTE).join("\n");
  return text.slice(text.search(/^PLAN /m), text.search(/^TRUTH/m)).trimEnd();
}

describe("a deployment's plan in the view", () => {
  it("is nothing when the document is older than plans", () => {
    expect(pipelineOf({})).toMatchObject({ plan: null, budget: null, comparison: null });
  });

  it("stands beside what is measured, with the budget", () => {
    const budget = { minFps: 10 };
    expect(pipelineOf({ plan: PLAN, budget })).toMatchObject({
      plan: { ...PLAN, ofRunningModel: true },
      budget,
      comparison: {
        silicon: "simulation",
        runsOn: { planned: { accelerator: "gpu" }, measured: { accelerator: "cpu" } },
        rows: [
          { what: "fps", planned: PLAN.estimatedFps, measured: 15, budgetVerdict: "met" },
          {},
          {},
          {},
          {},
        ],
      },
    });
  });

  it("says when it is of another model than the one that runs, and compares nothing with it", () => {
    const pipeline = pipelineOf({ plan: PLAN, modelDigest: OLD_DIGEST });
    expect(pipeline?.plan?.ofRunningModel).toBe(false);
    expect(pipeline?.comparison?.runsOn.planned).toBeNull();
    expect(pipeline?.comparison?.rows.map(({ planned }) => planned)).toEqual(Array(5).fill(null));
  });

  it("is of the model that it names, whatever the document deploys", () => {
    const plan = { ...PLAN, modelDigest: OLD_DIGEST };
    expect(pipelineOf({ plan })?.plan?.ofRunningModel).toBe(false);
    expect(pipelineOf({ plan, modelDigest: OLD_DIGEST })?.plan?.ofRunningModel).toBe(true);
  });

  it("is of the document's own model when it does not name one", () => {
    const { modelDigest: _digest, ...unnamed } = PLAN;
    expect(pipelineOf({ plan: unnamed })?.plan?.ofRunningModel).toBe(true);
    const other = pipelineOf({ plan: unnamed, modelDigest: OLD_DIGEST });
    expect(other?.plan?.ofRunningModel).toBe(false);
  });
});

describe("a budget in the view", () => {
  const problemsOf = (told: Told) => viewOf({ door: told }, NOW).problems;

  it("is a warning once it was missed for ten seconds, and no fault of the fleet's", () => {
    const view = viewOf({ door: { budget: { minFps: 15 }, fps: ten(12.3) } }, NOW);
    expect(view.healthy).toBe(true);
    expect(view.problems).toMatchObject([
      {
        severity: "warning",
        code: "PIPELINE_BUDGET",
        pipeline: "entrance",
        message:
          "12.3 fps over 10 s, the budget is at least 15 fps (measured on the CPU of this simulation)",
      },
    ]);
  });

  it("names every limit that is missed", () => {
    const told = { budget: { minFps: 15, latencyP95Ms: 40 }, fps: ten(12.3), simulated: false };
    expect(problemsOf(told)[0]?.message).toBe(
      "12.3 fps over 10 s, the budget is at least 15 fps; p95 44 ms over 10 s, the budget is at most 40 ms",
    );
  });

  it.each<[string, Told]>([
    ["before ten seconds were heard", { budget: { minFps: 15 }, fps: [3, 3, 3] }],
    ["when it is met", { budget: { minFps: 15 }, fps: ten(15) }],
    ["when there is none", { plan: PLAN, fps: ten(3) }],
    ["for being slower than planned", { plan: PLAN, fps: ten(3), simulated: false, runsOn: GPU }],
  ])("is no problem %s", (_title, told) => expect(problemsOf(told)).toEqual([]));

  it("stays a problem until it was met for ten seconds", () => {
    const told = { budget: { minFps: 15 }, fps: [...ten(12), ...ten(15)] };
    expect(problemsOf(told)[0]?.message).toContain("15.0 fps again, after the budget of at least");
    expect(problemsOf({ ...told, fps: [...told.fps, ...ten(15)] })).toEqual([]);
  });

  it("is told with what the device does for it, as long as it does", () => {
    const budget = { minFps: 15 };
    const action: BudgetNow = {
      ...{ pace: { detectInterval: 3, admitEvery: 1 }, acts: true },
      ...{ limit: "minFps", measured: 9.6, wanted: 15 },
    };
    expect(problemsOf({ budget, action, fps: ten(15) })).toMatchObject([
      {
        ...{ severity: "warning", code: "PIPELINE_BUDGET" },
        message: "detect every 3rd frame: 9.6 of 15 fps",
      },
    ]);
    const missed = problemsOf({ budget, action: { ...action, held: "no-step" }, fps: ten(12) });
    expect(missed.map(({ message }) => message)).toEqual([
      "12.0 fps over 10 s, the budget is at least 15 fps (measured on the CPU of this simulation); " +
        "detect every 3rd frame: 9.6 of 15 fps; there is no further step to take",
    ]);
    const newer = { ...action, held: "too-hot" };
    expect(problemsOf({ budget, action: newer, fps: ten(15) })[0]?.message).toMatch(/; too-hot$/);
  });

  it("gives way to what is worse: no frames at all", () => {
    const told = { budget: { minFps: 15 }, fps: ten(0) };
    expect(problemsOf(told).map(({ code }) => code)).toEqual(["PIPELINE_NOT_RUNNING"]);
  });
});

describe("the plan's section of jetfleet status", () => {
  it("is left out where no document has a plan or a budget", () => {
    const text = statusLines(viewOf({ door: {} }, NOW), 80, NO_PALETTE).join("\n");
    expect(text).not.toMatch(/^PLAN/m);
  });

  it("has a line for each pipeline, and says of what silicon plan and measurement are", () => {
    const budget = { minFps: 10, latencyP95Ms: 40 };
    const devices = {
      a: { plan: PLAN, budget, fps: ten(15) },
      b: { plan: PLAN, budget: { minFps: 10 } },
      c: { plan: REFUSED },
      d: { plan: ABSENT },
      e: { plan: PLAN, modelDigest: OLD_DIGEST },
      f: { budget: { minFps: 10 }, fps: ten(9) },
    };
    expect(`\n${sectionOf(devices)}`).toBe(`
PLAN        RUNS ON      MAX FPS  INFER ms   NOW  FPS ≥  P95 ≤  BUDGET
a/entrance  gpu fp16      96–210  4.8–10.4  24.6     10     40  missed
b/entrance  gpu fp16      96–210  4.8–10.4  24.6     10      -  met over 1 s
c/entrance  refused            -         -  24.6      -      -  -
d/entrance  absent             -         -  24.6      -      -  -
e/entrance  other model        -         -  24.6      -      -  -
f/entrance  -                  -         -  24.6     10      -  missed
c/entrance: TensorRT 8.5 has no layer for QLinearConv
d/entrance: no plan: the model's file was not checked in this run
e/entrance: the plan is of another model than the one that runs, so its figures
are left out
f/entrance: no plan was kept with this deployment
planned for TensorRT on the board's silicon; measured on the CPU of this
simulation: differences between the two are no fault`);
  });

  it("repeats what the plan warned of, unless another model runs by now", () => {
    const plan = { ...PLAN, warnings: ["110 fps are asked for: expected to be met, not surely"] };
    const section = sectionOf({ door: { plan }, old: { plan, modelDigest: OLD_DIGEST } }, 200);
    expect(section.match(/.*not surely/g)).toEqual([
      "door/entrance: 110 fps are asked for: expected to be met, not surely",
    ]);
  });

  it("tells the silicon by pipeline where it differs, and what is not as planned on its own", () => {
    const devices = {
      real: { plan: PLAN, simulated: false, runsOn: GPU },
      cpu: { plan: PLAN, simulated: false },
      sim: { plan: PLAN },
      other: { plan: { ...PLAN, powerMode: "15W" }, simulated: false, runsOn: GPU },
    };
    const section = sectionOf(devices, 200);
    expect(section).toContain(
      "cpu/entrance: planned for TensorRT on the board's silicon; measured on the board's CPU",
    );
    expect(section).toContain(
      "sim/entrance: planned for TensorRT on the board's silicon; measured on the CPU of this simulation",
    );
    expect(section).toContain("real/entrance: inference slower than planned");
    expect(section).toContain(
      "other/entrance: planned for gpu fp16 in power mode 15W, measured on gpu fp16 in MAXN: not compared",
    );
    expect(section.match(/slower than planned/g)).toHaveLength(1);
  });
});
