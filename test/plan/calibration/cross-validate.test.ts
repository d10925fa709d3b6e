import { beforeAll, describe, expect, it } from "vitest";
import { crossValidate, spreadOf } from "../../../fleet/plan/calibration/cross-validate.ts";
import { FIGURES } from "../../../fleet/plan/calibration/figures.ts";
import { fit } from "../../../fleet/plan/calibration/fit.ts";
import { FITTED_FACTORS, FITTED_ON } from "../../../fleet/plan/calibration/fitted.ts";
import type { PreparedFigure } from "../../../fleet/plan/calibration/prepare.ts";
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

describe("leaving a model out", () => {
  it("predicts it by nothing of its own: its figures may be anything", () => {
    const few = prepared.filter(({ figure }) => ["tf2trt", "torch2trt"].includes(figure.source));
    const absurd = few.map((one) =>
      one.figure.model === "resnet50"
        ? { ...one, figure: { ...one.figure, ms: one.figure.ms * 100 } }
        : one,
    );
    const predictions = (figures: readonly PreparedFigure[]): number[] =>
      crossValidate(figures)
        .rows.filter(({ figure }) => figure.model === "resnet50")
        .map(({ predictedMs }) => predictedMs);
    expect(predictions(absurd)).toEqual(predictions(few));
  });

  it("gives the error that plans speak of, within the project's targets", () => {
    const { medianError, p90Error, coverage80, baselineMedianError } = crossValidate(prepared);
    expect(medianError).toBeCloseTo(FITTED_ON.medianError, 3);
    expect(medianError).toBeLessThanOrEqual(0.25);
    expect(p90Error).toBeLessThanOrEqual(0.6);
    expect(coverage80).toBeGreaterThanOrEqual(0.7);
    expect(coverage80).toBeLessThanOrEqual(0.9);
    expect(baselineMedianError / medianError).toBeGreaterThan(2.5);
  });

  it("weighs each model the same in the spread, however many figures it has", () => {
    const many = Array.from({ length: 50 }, () => ({ model: "often", log: 0 }));
    const others = [-2, -1, 1, 2].map((log) => ({ model: `once${log}`, log }));
    expect(spreadOf([...many, ...others])).toEqual({ low: -2, high: 2 });
  });
});
