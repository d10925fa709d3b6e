import { describe, expect, it } from "vitest";
import { ofBuild, ofWork } from "../../../agent/engine/plan-differences.ts";
import { PlanWatch } from "../../../agent/engine/plan-watch.ts";
import type { NewEvent } from "../../../agent/report/event-journal.ts";
import {
  type LayersBesidePlan,
  type PipelineStats,
  PlanDiffersData,
} from "../../../fleet/contract/index.ts";
import { PlanSummary } from "../../../fleet/spec/index.ts";

const MODEL = { name: "people", digest: `sha256:${"a".repeat(64)}` };
const PLAN = PlanSummary.parse({
  ...{ verdict: "runs", summary: "s", basis: [], modelDigest: MODEL.digest, powerMode: "MAXN" },
  ...{ accelerator: "gpu", precision: "fp16", jetpack: "5.1.2" },
  ...{ buildMinutes: { low: 2, high: 5 }, latencyMs: { low: 4, mid: 5, high: 8 } },
});
const BOARD = { simulated: false, powerMode: "MAXN" };
const GPU = { backend: "tensorrt", accelerator: "gpu", precision: "fp16" };

describe("a build beside its plan", () => {
  it.each([
    ["within the band", {}, "gpu fp16", 180, BOARD, []],
    ["longer", {}, "gpu fp16", 600, BOARD, ["2 to 5 / 10"]],
    ["shorter", {}, "gpu fp16", 60, BOARD, ["2 to 5 / 1"]],
    ["of one core of a DLA", { accelerator: "dla1" }, "dla fp16", 600, BOARD, ["2 to 5 / 10"]],
    ["of another precision", {}, "gpu int8", 600, BOARD, []],
    ["for the processor", {}, "cpu", 600, BOARD, []],
    ["in another power mode", {}, "gpu fp16", 600, { ...BOARD, powerMode: "MODE_10W" }, []],
    ["in a mode that nobody knows", {}, "gpu fp16", 600, { ...BOARD, powerMode: null }, []],
    ["on a simulated board", {}, "gpu fp16", 600, { ...BOARD, simulated: true }, []],
    ["of which nothing was planned", { buildMinutes: undefined }, "gpu fp16", 600, BOARD, []],
  ] as const)("%s", (_what, change, form, seconds, board, found) => {
    const differences = ofBuild({ ...PLAN, ...change } as PlanSummary, form, seconds, board);
    expect(differences.map(({ planned, measured }) => `${planned} / ${measured}`)).toEqual(found);
  });
});

describe("a pipeline at work beside its plan", () => {
  it.each([
    ["as planned", GPU, 5, BOARD, []],
    ["slower", GPU, 9.123, BOARD, ["inferenceMs 4 to 8 / 9.12"]],
    [
      "on the processor",
      { backend: "onnxruntime", accelerator: "cpu" },
      90,
      BOARD,
      ["place gpu fp16 / cpu"],
    ],
    [
      "in another precision",
      { ...GPU, precision: "fp32" },
      9,
      BOARD,
      ["place gpu fp16 / gpu fp32"],
    ],
    ["in another power mode", GPU, 9, { ...BOARD, powerMode: "MODE_10W" }, []],
    ["of which nobody says where it runs", undefined, 9, BOARD, []],
    [
      "on a simulated board",
      { backend: "onnxruntime", accelerator: "cpu" },
      90,
      { ...BOARD, simulated: true },
      [],
    ],
  ] as const)("%s", (_what, runsOn, ms, board, found) => {
    const differences = ofWork(PLAN, runsOn, ms, board);
    expect(differences.map((one) => `${one.what} ${one.planned} / ${one.measured}`)).toEqual(found);
  });
});

describe("what is held against plans", () => {
  const second = (inferenceMs: number) =>
    ({
      name: "entrance",
      stages: [{ name: "detect", workMs: { p50: inferenceMs } }],
    }) as unknown as PipelineStats;

  function watching(plans: Record<string, PlanSummary>) {
    const events: NewEvent[] = [];
    const watch = new PlanWatch({
      ...{ plans: () => plans, board: BOARD },
      onEvent: (event) => void events.push(event),
    });
    return { watch, events };
  }

  it("is told once, with all that the planner needs to know, after ten seconds of work", () => {
    const { watch, events } = watching({ entrance: PLAN });
    const run = { model: MODEL, runsOn: GPU };
    for (let at = 0; at < 9; at += 1) watch.second(second(20), run);
    expect(events).toEqual([]);
    for (let at = 0; at < 20; at += 1) watch.second(second(20), run);
    expect(events).toMatchObject([
      {
        ...{ kind: "plan-differs", pipeline: "entrance" },
        data: {
          ...{ what: "inferenceMs", planned: "4 to 8", measured: "20", model: MODEL.digest },
          ...{ jetpack: "5.1.2", powerMode: "MAXN", accelerator: "gpu", precision: "fp16" },
        },
      },
    ]);
  });

  it("does not mind a hiccup, another model's plan, or a pipeline without one", () => {
    const { watch, events } = watching({ entrance: PLAN });
    const run = { model: MODEL, runsOn: GPU };
    for (let at = 0; at < 30; at += 1) watch.second(second(at % 5 === 0 ? 900 : 5), run);
    const other = { name: "people", digest: `sha256:${"b".repeat(64)}` };
    for (let at = 0; at < 30; at += 1) watch.second(second(20), { ...run, model: other });
    watch.engineBuilt(other.digest, "gpu fp16", 9000);
    expect(events).toEqual([]);
    watch.engineBuilt(MODEL.digest, "gpu fp16", 9000);
    expect(events).toMatchObject([{ data: { what: "buildMinutes", measured: "150" } }]);
  });

  const LAYERS: LayersBesidePlan = {
    ...{ compared: 9, silent: 1, unmatched: 2, precisions: 3, timed: 0, more: 2 },
    differences: [{ layer: "conv1", what: "place", planned: "dla", measured: "gpu" }],
  };
  const PLANNED = { ...PLAN, module: "agx-xavier" };

  it("are the layers of an engine, once for each pipeline with its model, by the silicon it was built for", () => {
    const { watch, events } = watching({ entrance: PLANNED, yard: PLANNED });
    for (const form of ["dla fp16", "dla fp16"] as const) {
      watch.layersBuilt(MODEL.digest, form, LAYERS);
    }
    watch.layersBuilt(MODEL.digest, "gpu fp16", { ...LAYERS, differences: [], more: 0 });
    watch.layersBuilt(`sha256:${"b".repeat(64)}`, "dla fp16", LAYERS);
    expect(events.map(({ pipeline, message }) => `${pipeline}: ${message}`)).toEqual(
      ["entrance", "yard"].map(
        (one) =>
          `${one}: Planned layers of ${one}: dla fp16 for 9 nodes; measured: 3 layers otherwise, first conv1 dla is gpu`,
      ),
    );
    const data = PlanDiffersData.parse(events[0]?.data);
    expect(data).toMatchObject({ accelerator: "dla", precision: "fp16", layers: LAYERS });
  });

  it.each([
    ["gpu fp16", PLANNED, "gpu fp16, times too"],
    ["dla int8", PLANNED, "dla0 int8, times too"],
    ["dla int8", { ...PLANNED, powerMode: "MODE_10W" }, "dla0 int8"],
    ["cpu", PLANNED, null],
    ["gpu fp16", PLAN, null],
    ["gpu fp16", { ...PLANNED, modelDigest: undefined }, null],
  ] as const)("are asked of the planner for %s: %#", (form, plan, asked) => {
    const { watch } = watching({ entrance: plan as PlanSummary });
    const found = watch.planOf(MODEL.digest, form);
    const times = found?.isAlike ? ", times too" : "";
    expect(found && `${found.accelerator} ${found.precision}${times}`).toBe(asked);
  });
});
