import { beforeAll, describe, expect, it } from "vitest";
import { biasOf, crossValidate, spreadOf } from "../../../fleet/plan/calibration/cross-validate.ts";
import { FIGURES } from "../../../fleet/plan/calibration/figures.ts";
import { fit } from "../../../fleet/plan/calibration/fit.ts";
import {
  FITTED_FACTORS,
  FITTED_ON,
  HELD_OUT_BIAS,
  HELD_OUT_SPREAD,
} from "../../../fleet/plan/calibration/fitted.ts";
import type { PreparedFigure } from "../../../fleet/plan/calibration/prepare.ts";
import { rowsBehind } from "../../../fleet/plan/calibration/rows-behind.ts";
import { FACTOR_NAMES } from "../../../fleet/plan/estimate/factors.ts";
import { prepareFigures } from "../../bench/planner/bench.ts";

let prepared: PreparedFigure[] = [];
beforeAll(() => {
  prepared = prepareFigures();
});

describe("the calibration set", () => {
  it("names every figure once, with a positive time", () => {
    expect(new Set(FIGURES.map(({ id }) => id)).size).toBe(FIGURES.length);
    expect(FIGURES.every(({ ms }) => ms > 0)).toBe(true);
  });

  it("gives the factors that stand in the repository", () => {
    const again = fit(prepared);
    for (const name of FACTOR_NAMES) {
      expect(Math.abs(again[name] / FITTED_FACTORS[name] - 1), name).toBeLessThan(0.01);
    }
  });
});

describe("leaving a source out", () => {
  it("predicts it by nothing of its own: its figures may be anything", () => {
    const few = prepared.filter(({ figure }) => ["tf2trt", "mmdeploy"].includes(figure.source));
    const absurd = few.map((one) =>
      one.figure.source === "mmdeploy"
        ? { ...one, figure: { ...one.figure, ms: one.figure.ms * 100 } }
        : one,
    );
    const predictions = (figures: readonly PreparedFigure[]): number[] =>
      crossValidate(figures)
        .rows.filter(({ figure }) => figure.source === "mmdeploy")
        .map(({ predictedMs }) => predictedMs);
    expect(predictions(absurd)).toEqual(predictions(few));
  });

  it("gives the error that plans speak of, within the project's targets", () => {
    const { medianError, p90Error, coverage80, baselineMedianError, errors, families } =
      crossValidate(prepared);
    expect(medianError).toBeCloseTo(FITTED_ON.medianError, 3);
    // What plans speak of keeps the source out of the interval's factors, too, which takes minutes.
    expect(FITTED_ON.coverage80).toBeGreaterThanOrEqual(0.75);
    expect(FITTED_ON.coverage80).toBeLessThanOrEqual(coverage80);
    expect(medianError).toBeLessThanOrEqual(0.3);
    expect(p90Error).toBeLessThanOrEqual(0.65);
    expect(coverage80).toBeGreaterThanOrEqual(0.75);
    expect(coverage80).toBeLessThanOrEqual(0.9);
    expect(baselineMedianError / medianError).toBeGreaterThan(2);
    expect(families.map(({ family }) => family).sort()).toEqual([
      ...["ampere DLA", "maxwell", "pascal", "volta", "volta DLA"],
    ]);
    for (const one of families) expect(one.medianError).toBeLessThan(one.baselineMedianError);
    expect(biasOf(errors).high).toBeCloseTo(HELD_OUT_BIAS.high, 2);
    expect(spreadOf(errors).low).toBeCloseTo(HELD_OUT_SPREAD.low, 2);
  });

  it("weighs each source the same in the spread, however many figures it has", () => {
    const many = Array.from({ length: 50 }, () => ({ source: "often", log: 0 }));
    const others = [-2, -1, 1, 2].map((log) => ({ source: `once${log}`, log }));
    expect(spreadOf([...many, ...others])).toEqual({ low: -2, high: 2 });
  });

  it("calls impossible only what the worst source does not explain with nine tenths of its figures", () => {
    const source = (name: string, log: number) =>
      Array.from({ length: 11 }, (_, at) => ({ source: name, log: at === 10 ? 9 * log : log }));
    const { low, high } = biasOf([...source("fast", 0.5), ...source("slow", -0.75)]);
    expect([low, high]).toEqual([-0.75, 0.5]);
  });
});

describe("the rows behind an answer", () => {
  it.each([
    [
      "pascal",
      "fp16",
      802,
      /TensorRT 3\.0 \(tf2trt, the engine alone\).*TensorRT 5\.0 .*none is of/,
    ],
    ["pascal", "fp32", 802, /TensorRT 8\.2 \(mmdeploy, the engine alone\)$/],
    ["volta", "fp16", 805, /TensorRT 5\.1 \(torch2trt, a whole program\)/],
  ] as const)("%s in %s on TensorRT %i", (arch, precision, trt, told) => {
    expect(rowsBehind({ arch, precision, usesDla: false }, trt)).toMatch(told);
  });

  it("are none where nothing was published", () => {
    expect(rowsBehind({ arch: "ampere", precision: "fp16", usesDla: false }, 1003)).toBeNull();
  });
});
