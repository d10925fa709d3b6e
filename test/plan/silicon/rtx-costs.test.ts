import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  RTX_ACTIVATIONS,
  RTX_BUILD_SECONDS,
  RTX_BUILT,
  RTX_WEIGHTS,
} from "../../../fleet/plan/calibration/rtx.ts";
import { HAS_SHARED_MODELS, SHARED_SUFFIX } from "../support/models.ts";
import { modelOf } from "./compare.ts";
import { type Costs, costsOf, middle } from "./rtx-costs.ts";
import { RtxReport } from "./rtx-report.ts";

const folder = join(import.meta.dirname, "results/rtx");
const costs = readdirSync(folder).flatMap((file): Costs[] => {
  const report = RtxReport.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
  const model = report.error === null ? modelOf(report.model) : null;
  return model === null ? [] : [costsOf(report, model)];
});
const of = (arch: Costs["arch"]): Costs[] => costs.filter((one) => one.arch === arch);

type Cost = "weights" | "activations" | "secondsPerProduct";

/** The share of engines within the middle 80 % of the engines of other models. */
function coverage(rows: readonly Costs[], cost: Cost): number {
  const within = rows.filter((row) => {
    const others = rows.filter(({ model }) => model !== row.model).map((one) => one[cost]);
    const { low, high } = middle(others);
    const value = Math.exp(row[cost]);
    return low <= value && value <= high;
  });
  return within.length / rows.length;
}

type Spread = ReturnType<typeof middle>;
type Case = readonly [label: string, cost: Cost, rows: readonly Costs[], fitted: Spread];
const CASES: readonly Case[] = [
  ["weights for a T4", "weights", of("turing"), RTX_WEIGHTS.turing],
  ["weights for an L4", "weights", of("ada"), RTX_WEIGHTS.ada],
  ["memory between layers for a T4", "activations", of("turing"), RTX_ACTIVATIONS.turing],
  ["memory between layers for an L4", "activations", of("ada"), RTX_ACTIVATIONS.ada],
  ["the time to build", "secondsPerProduct", costs, RTX_BUILD_SECONDS],
];

describe.each(CASES)("%s", (_label, cost, rows, fitted) => {
  it.skipIf(!HAS_SHARED_MODELS)(`has the spread that the engines have${SHARED_SUFFIX}`, () => {
    const measured = middle(rows.map((one) => one[cost]));
    for (const end of ["low", "expected", "high"] as const) {
      expect(Number(measured[end].toPrecision(3)) / fitted[end]).toBeCloseTo(1, 2);
    }
  });

  it("of a model that was left out lies within it for seven to nine of ten engines", () => {
    const share = coverage(rows, cost);
    expect(share).toBeGreaterThanOrEqual(0.7);
    expect(share).toBeLessThanOrEqual(0.9);
  });
});

describe("weights", () => {
  it("are what we reckon within 3 %, but for a model that an engine keeps less of, we know not what", () => {
    const apart = costs.filter(({ weights }) => Math.abs(Math.exp(weights) - 1) > 0.03);
    expect(new Set(apart.map(({ model }) => model))).toEqual(new Set(["street-v2-b1"]));
  });
});

it.skipIf(!HAS_SHARED_MODELS)(`the plan says how many engines those are${SHARED_SUFFIX}`, () => {
  expect(costs).toHaveLength(RTX_BUILT.engines);
  expect(new Set(costs.map(({ model }) => model)).size).toBe(RTX_BUILT.models);
});
