import type { Factors } from "../estimate/factors.ts";
import type { Figure } from "./figures.ts";
import { fit, logError } from "./fit.ts";
import { baselineMs, type PreparedFigure, predictedMs } from "./prepare.ts";

/** One figure, predicted by factors that never saw its model. */
export interface HeldOutRow {
  figure: Figure;
  predictedMs: number;
  lowMs: number;
  highMs: number;
  /** |predicted − published| over published. */
  error: number;
  covered: boolean;
  baselineMs: number;
  baselineError: number;
}

export interface CrossValidation {
  rows: HeldOutRow[];
  medianError: number;
  p90Error: number;
  /** Share of figures inside their 80 % interval. */
  coverage80: number;
  baselineMedianError: number;
  /** The same, each model counting once. */
  medianErrorByModel: number;
}

/** Logarithms of error that bound the middle 80 %, and how they were found. */
export interface Spread {
  low: number;
  high: number;
}

/** Leave-one-model-out: all figures of a model, over all boards and sizes, are predicted without it. */
export function crossValidate(figures: readonly PreparedFigure[]): CrossValidation {
  const models = [...new Set(figures.map(({ figure }) => figure.model))];
  const factorsWithout = new Map<string, Factors>(
    models.map((model) => [model, fit(figures.filter(({ figure }) => figure.model !== model))]),
  );
  const errors = figures.map((one) => ({
    model: one.figure.model,
    log: logError(one, factorsWithout.get(one.figure.model) as Factors),
  }));
  const rows = figures.map((one): HeldOutRow => {
    const { model, ms } = one.figure;
    const predicted = predictedMs(one, factorsWithout.get(model) as Factors);
    // The spread comes from the other models' held-out errors alone.
    const spread = spreadOf(errors.filter((error) => error.model !== model));
    const [lowMs, highMs] = [predicted * Math.exp(-spread.high), predicted * Math.exp(-spread.low)];
    const baseline = baselineMs(one);
    return {
      figure: one.figure,
      predictedMs: predicted,
      lowMs,
      highMs,
      error: Math.abs(predicted - ms) / ms,
      covered: lowMs <= ms && ms <= highMs,
      baselineMs: baseline,
      baselineError: Math.abs(baseline - ms) / ms,
    };
  });
  return summarise(rows, models);
}

/** Bounds of the middle 80 % of logarithmic errors, each model with the same weight. */
export function spreadOf(errors: readonly { model: string; log: number }[]): Spread {
  const counts = new Map<string, number>();
  for (const { model } of errors) counts.set(model, (counts.get(model) ?? 0) + 1);
  const sorted = errors
    .map(({ model, log }) => ({ log, weight: 1 / (counts.get(model) ?? 1) }))
    .sort((a, b) => a.log - b.log);
  return { low: weightedQuantile(sorted, 0.1), high: weightedQuantile(sorted, 0.9) };
}

function weightedQuantile(
  sorted: readonly { log: number; weight: number }[],
  share: number,
): number {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let seen = 0;
  for (const { log, weight } of sorted) {
    seen += weight;
    if (seen >= share * total) return log;
  }
  return sorted[sorted.length - 1]?.log ?? 0;
}

function summarise(rows: HeldOutRow[], models: readonly string[]): CrossValidation {
  const perModel = models.map((model) =>
    quantile(
      rows.filter(({ figure }) => figure.model === model).map(({ error }) => error),
      0.5,
    ),
  );
  return {
    rows,
    medianError: quantile(
      rows.map(({ error }) => error),
      0.5,
    ),
    p90Error: quantile(
      rows.map(({ error }) => error),
      0.9,
    ),
    coverage80: rows.filter(({ covered }) => covered).length / rows.length,
    baselineMedianError: quantile(
      rows.map(({ baselineError }) => baselineError),
      0.5,
    ),
    medianErrorByModel: quantile(perModel, 0.5),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? 0;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}
