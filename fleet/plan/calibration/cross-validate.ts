import type { Factors } from "../estimate/factors.ts";
import { type Figure, sourceOf } from "./figures.ts";
import { fit, logError } from "./fit.ts";
import { baselineMs, type PreparedFigure, predictedMs } from "./prepare.ts";

/** One figure, predicted by factors that never saw its source. */
export interface HeldOutRow {
  figure: Figure;
  family: string;
  predictedMs: number;
  lowMs: number;
  highMs: number;
  /** |predicted − published| over published. */
  error: number;
  covered: boolean;
  baselineMs: number;
  baselineError: number;
}

interface Summary {
  medianError: number;
  p90Error: number;
  /** Share of figures inside their 80 % interval. */
  coverage80: number;
  /** Of operations over peak rate. */
  baselineMedianError: number;
}

interface FamilySummary extends Summary {
  family: string;
  figures: number;
  sources: number;
}

export interface CrossValidation extends Summary {
  rows: HeldOutRow[];
  errors: HeldOutError[];
  families: FamilySummary[];
}

/** Logarithms of error that bound the middle 80 %, and how they were found. */
export interface Spread {
  low: number;
  high: number;
}

/** A source's error on one figure, by factors that never saw any figure of the source. */
export interface HeldOutError {
  source: string;
  /** 0.1 is ten percent too slow. */
  log: number;
}

/**
 * Leave-one-source-out: all figures of a source are predicted without it, since rows that one hand measured share what
 * it did. Their interval comes from the held-out errors of the other sources; `isNested` keeps the source out of the
 * factors behind those errors, too, which takes as many fits as there are pairs.
 */
export function crossValidate(
  figures: readonly PreparedFigure[],
  isNested = false,
): CrossValidation {
  const sources = [...new Set(figures.map(({ figure }) => sourceOf(figure)))];
  const factorsWithout = new Map<string, Factors>(
    sources.map((source) => [
      source,
      fit(figures.filter(({ figure }) => sourceOf(figure) !== source)),
    ]),
  );
  const errors = figures.map((one): HeldOutError => {
    const source = sourceOf(one.figure);
    return { source, log: logError(one, factorsWithout.get(source) as Factors) };
  });
  const spreads = new Map(
    sources.map((source) => [
      source,
      spreadOf(
        isNested
          ? errorsWithout(source, figures, sources)
          : errors.filter((one) => one.source !== source),
      ),
    ]),
  );
  const rows = figures.map((one): HeldOutRow => {
    const source = sourceOf(one.figure);
    const { ms } = one.figure;
    const predicted = predictedMs(one, factorsWithout.get(source) as Factors);
    const spread = spreads.get(source) ?? { low: 0, high: 0 };
    const [lowMs, highMs] = [predicted * Math.exp(-spread.high), predicted * Math.exp(-spread.low)];
    const baseline = baselineMs(one);
    return {
      figure: one.figure,
      family: familyOf(one),
      predictedMs: predicted,
      lowMs,
      highMs,
      error: Math.abs(predicted - ms) / ms,
      covered: lowMs <= ms && ms <= highMs,
      baselineMs: baseline,
      baselineError: Math.abs(baseline - ms) / ms,
    };
  });
  return { rows, errors, ...summarise(rows) };
}

/** Held-out errors of all sources but one, of which no factor behind them saw a figure either. */
function errorsWithout(
  source: string,
  figures: readonly PreparedFigure[],
  sources: readonly string[],
): HeldOutError[] {
  return sources
    .filter((other) => other !== source)
    .flatMap((other) => {
      const own = (one: PreparedFigure): string => sourceOf(one.figure);
      const factors = fit(figures.filter((one) => own(one) !== source && own(one) !== other));
      return figures
        .filter((one) => own(one) === other)
        .map((one) => ({ source: other, log: logError(one, factors) }));
    });
}

/** Boards of one GPU generation; a DLA alone is a family of its own. */
function familyOf({ figure, hardware: { arch } }: PreparedFigure): string {
  return figure.device.includes("gpu") ? arch : `${arch} DLA`;
}

/** Bounds of the middle 80 % of logarithmic errors, each source with the same weight. */
export function spreadOf(errors: readonly HeldOutError[]): Spread {
  const counts = new Map<string, number>();
  for (const { source } of errors) counts.set(source, (counts.get(source) ?? 0) + 1);
  const sorted = errors
    .map(({ source, log }) => ({ log, weight: 1 / (counts.get(source) ?? 1) }))
    .sort((a, b) => a.log - b.log);
  return { low: weightedQuantile(sorted, 0.1), high: weightedQuantile(sorted, 0.9) };
}

/** How far the worst source lies off with nine tenths of its figures, to either side. */
export function biasOf(errors: readonly HeldOutError[]): Spread {
  const bySource = [...Map.groupBy(errors, ({ source }) => source).values()].map((group) =>
    group.map(({ log }) => log),
  );
  return {
    low: Math.min(...bySource.map((logs) => quantile(logs, 0.1))),
    high: Math.max(...bySource.map((logs) => quantile(logs, 0.9))),
  };
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

function summarise(rows: readonly HeldOutRow[]): Summary & { families: FamilySummary[] } {
  const families = [...Map.groupBy(rows, ({ family }) => family)];
  return {
    ...summaryOf(rows),
    families: families.map(([family, group]) => ({
      family,
      figures: group.length,
      sources: new Set(group.map(({ figure }) => sourceOf(figure))).size,
      ...summaryOf(group),
    })),
  };
}

function summaryOf(rows: readonly HeldOutRow[]): Summary {
  const errors = rows.map(({ error }) => error);
  return {
    medianError: quantile(errors, 0.5),
    p90Error: quantile(errors, 0.9),
    coverage80: rows.filter(({ covered }) => covered).length / rows.length,
    baselineMedianError: quantile(
      rows.map(({ baselineError }) => baselineError),
      0.5,
    ),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? 0;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}
