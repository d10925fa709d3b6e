import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Stats } from "../../../fleet/contract/index.ts";
import { breaksFps, breaksLatency, verdictOf } from "../../../fleet/view/plan/budget.ts";
import { type Compared, compare } from "../../../fleet/view/plan/comparison.ts";
import {
  append,
  type HeardSecond,
  type History,
  type Second,
  WINDOW_MS,
  withStats,
} from "../../../fleet/view/plan/history.ts";
import { ABSENT, PLAN, REFUSED } from "../../cli/support/planned.ts";
import { reportedOf, statsOf } from "../../cli/support/synthetic-device.ts";

function second(at: number, more: Partial<Second> = {}): Second {
  return {
    atMs: at * 1000,
    modelDigest: null,
    fps: 15,
    inferenceMs: 24.6,
    latencyP50Ms: 31,
    latencyP95Ms: 44,
    latencyFrom: "capture",
    drops: 0,
    ...more,
  };
}

/** One second after the other. */
const heard = (...seconds: Partial<Second>[]): readonly HeardSecond[] =>
  seconds.reduce<readonly HeardSecond[]>((all, more, at) => append(all, second(at, more)), []);
const rates = (...fps: number[]) => heard(...fps.map((one) => ({ fps: one })));
const steady = (count: number, fps: number): number[] => Array<number>(count).fill(fps);
const p95s = (...ms: (number | null)[]) => heard(...ms.map((one) => ({ latencyP95Ms: one })));
const arriving = (ms: number) => ({ latencyP95Ms: ms, latencyFrom: "arrival" as const });

const fps = breaksFps({ minFps: 15 });
const latency = breaksLatency({ latencyP95Ms: 50 });

describe("a budget of at least 15 fps", () => {
  it.each<[string, readonly HeardSecond[], string]>([
    ["is unknown where nothing was heard", [], "unknown"],
    ["is met at 15 fps", rates(...steady(11, 15)), "met"],
    ["is met at one frame less in ten seconds", rates(...steady(11, 14.91)), "met"],
    ["is missed below that", rates(...steady(11, 14.89)), "missed"],
    ["is met in a single second that counts 14", rates(14), "met"],
    ["is missed in a single second that counts 13", rates(13), "missed"],
    ["is met though single seconds go up and down", rates(15, ...[14, 16, 13, 17, 15]), "met"],
    ["leaves the second out in which the pipeline began", rates(1, 15, 15), "met"],
    ["is missed when two seconds in ten gave nothing", rates(...steady(9, 15), 0, 0), "missed"],
    [
      "recovers once ten seconds have met it again",
      rates(...steady(11, 10), ...steady(10, 15)),
      "recovering",
    ],
    [
      "is met when it was so for ten seconds more",
      rates(...steady(11, 10), ...steady(20, 15)),
      "met",
    ],
    ["does not recover from what was too short to be missed", rates(15, 10, 20, 20), "met"],
  ])("%s", (_title, seconds, verdict) => expect(verdictOf(seconds, fps)).toBe(verdict));

  it("does not come and go while the rate swings around it", () => {
    const swinging = fc.array(fc.constantFrom(10, 20), { minLength: 40, maxLength: 60 });
    fc.assert(
      fc.property(swinging, (swings) => {
        const verdicts = swings.map((_, end) => verdictOf(rates(...swings.slice(0, end + 1)), fps));
        const settled = verdicts.slice(WINDOW_MS / 1000);
        const lastMissed = settled.map((_, at) => settled.lastIndexOf("missed", at));
        settled.forEach((verdict, at) => {
          const since = (lastMissed[at] ?? -1) < 0 ? Infinity : at - (lastMissed[at] ?? 0);
          if (verdict === "met") expect(since).toBeGreaterThanOrEqual(WINDOW_MS / 1000);
        });
      }),
    );
  });
});

describe("a budget of at most 50 ms for the p95", () => {
  it.each<[string, readonly HeardSecond[], string]>([
    ["is met at 44 ms", p95s(...steady(11, 44)), "met"],
    ["is met though one second was slow", p95s(...steady(10, 44), 900), "met"],
    ["is missed when most seconds are slow", p95s(...steady(5, 44), ...steady(6, 51)), "missed"],
    ["is unknown where no latency is measured", p95s(null, null), "unknown"],
    [
      "is not proven by a latency that begins at arrival",
      heard(arriving(44), arriving(44)),
      "unknown",
    ],
    ["is missed by one that begins at arrival, too", heard(arriving(60), arriving(60)), "missed"],
    ["is not met by one below zero", p95s(...steady(11, -3_599_980)), "unknown"],
  ])("%s", (_title, seconds, verdict) => expect(verdictOf(seconds, latency)).toBe(verdict));
});

describe("the history of figures", () => {
  const reported = reportedOf("door");
  const after = (...messages: [number, Partial<Stats["pipelines"][number]>?][]): History =>
    messages.reduce<History>((history, [at, more]) => {
      const stats = statsOf(at);
      const pipelines = stats.pipelines.map((one) => ({ ...one, ...more }));
      return withStats(history, { ...stats, pipelines }, reported, at * 1000);
    }, new Map());
  const count = (history: History): number => history.get("entrance")?.length ?? 0;

  it("keeps two windows and the second before them, however long it listens", () => {
    const long = after(...Array.from({ length: 100 }, (_, at): [number] => [at]));
    expect(long.get("entrance")?.map(({ atMs }) => atMs / 1000)).toEqual(
      Array.from({ length: 21 }, (_, at) => 79 + at),
    );
  });

  it.each<[string, History, number]>([
    ["goes on from second to second", after([1], [2]), 2],
    ["begins anew after a pause", after([1], [2], [8]), 1],
    [
      "is empty while no video comes",
      after([1], [2, { source: { state: "lost", reconnects: 1 } }]),
      0,
    ],
    ["is of the pipelines that run", after([1], [2, { name: "exit" }]), 0],
  ])("%s", (_title, history, length) => expect(count(history)).toBe(length));

  it("begins anew with another model", () => {
    const other = { ...reported, pipelines: [] };
    expect(count(withStats(after([1], [2]), statsOf(3), other, 3000))).toBe(1);
  });
});

const BOARD = { simulated: false, powerMode: "MAXN" };
const GPU = { backend: "tensorrt", accelerator: "gpu", precision: "fp16" };
const CPU = { backend: "onnxruntime", accelerator: "cpu" };

function comparisonOf(compared: Partial<Compared>) {
  const seconds = rates(...steady(11, 15));
  return compare({ plan: PLAN, budget: null, seconds, runsOn: GPU, board: BOARD, ...compared });
}

const rowOf = (compared: Partial<Compared>, what: string) =>
  comparisonOf(compared).rows.find((row) => row.what === what);

describe("plan and measurement", () => {
  it.each<[string, Partial<Compared>, string]>([
    ["the planned silicon", {}, "planned"],
    ["a simulation, whatever it says", { board: { ...BOARD, simulated: true } }, "simulation"],
    ["a real board's CPU", { runsOn: CPU }, "cpu"],
    ["a real board's CPU when its agent is too old to say", { runsOn: undefined }, "cpu"],
    ["nobody knows what, before a device reported", { board: null }, "unknown"],
  ])("are of %s", (_title, compared, silicon) => {
    const comparison = comparisonOf(compared);
    expect(comparison.silicon).toBe(silicon);
    const verdicts = comparison.rows.map(({ planVerdict }) => planVerdict);
    if (silicon !== "planned") expect(new Set(verdicts)).toEqual(new Set([null]));
    else expect(verdicts).toContain("slower");
  });

  const inference = (ms: number): Partial<Compared> => ({
    seconds: heard({ inferenceMs: ms }),
  });
  const rate = (value: number, drops = 0): Partial<Compared> => ({
    seconds: heard({ fps: value, drops }),
  });
  it.each<[string, string, Partial<Compared>, string | null]>([
    ["inferenceMs", "inside", inference(10.4), "inside"],
    ["inferenceMs", "faster", inference(4.7), "faster"],
    ["inferenceMs", "slower", inference(10.5), "slower"],
    [
      "inferenceMs",
      "not compared in another mode",
      { board: { ...BOARD, powerMode: "15W" } },
      null,
    ],
    [
      "inferenceMs",
      "not compared on another accelerator",
      { plan: { ...PLAN, accelerator: "dla0" } },
      null,
    ],
    [
      "inferenceMs",
      "not compared in another precision",
      { plan: { ...PLAN, precision: "int8" } },
      null,
    ],
    [
      "inferenceMs",
      "not compared in a mode that nobody knows",
      { board: { ...BOARD, powerMode: null } },
      null,
    ],
    ["inferenceMs", "not compared without a figure", { seconds: [] }, null],
    ["inferenceMs", "not compared without a plan", { plan: null }, null],
    ["inferenceMs", "not compared with a refusal", { plan: REFUSED }, null],
    ["inferenceMs", "not compared with no plan's reason", { plan: ABSENT }, null],
    ["fps", "inside", rate(100), "inside"],
    ["fps", "faster", rate(211), "faster"],
    ["fps", "slower when frames are dropped", rate(60, 3), "slower"],
    ["fps", "no less than the source sends", rate(60), null],
    ["latencyP95Ms", "not planned", {}, null],
    ["memoryBytes", "not measured", {}, null],
  ])("%s: %s", (what, _title, compared, verdict) => {
    expect(rowOf(compared, what)?.planVerdict).toBe(verdict);
  });

  it("stand side by side, with what nobody measures left open", () => {
    const { rows, runsOn } = comparisonOf({
      budget: { minFps: 15, latencyP95Ms: 150 },
      runsOn: CPU,
    });
    expect(runsOn).toEqual({ planned: { accelerator: "gpu", precision: "fp16" }, measured: CPU });
    expect(
      rows.map(({ what, planned, measured, budget, budgetVerdict }) => [
        ...[what, planned?.mid ?? null, measured, budget, budgetVerdict],
      ]),
    ).toEqual([
      ["fps", 140, 15, 15, "met"],
      ["inferenceMs", 7.1, 24.6, null, null],
      ["latencyP50Ms", null, 31, null, null],
      ["latencyP95Ms", null, 44, 150, "met"],
      ["memoryBytes", 48 * 2 ** 20, null, null, null],
    ]);
  });

  it("say for how long was listened, and that less than ten seconds settle nothing", () => {
    expect(comparisonOf({ seconds: rates(15) })).toMatchObject({ overMs: 0, settled: false });
    expect(comparisonOf({ seconds: rates(15, 15, 15) })).toMatchObject({ overMs: 2000 });
    expect(comparisonOf({})).toMatchObject({ overMs: WINDOW_MS, settled: true });
    expect(comparisonOf({ seconds: [] })).toMatchObject({ overMs: null, settled: false });
  });
});
