import { FACTOR_NAMES, FACTOR_PRIORS, type Factors, factorsFrom } from "../estimate/factors.ts";
import { sourceOf } from "./figures.ts";
import { type PreparedFigure, predictedMs } from "./prepare.ts";

const ITERATIONS = 40;
const STEP = 1e-4;
/** Errors beyond this (in logarithms, 35 %) pull with constant force: one odd figure must not bend all factors. */
const HUBER = 0.3;
/** Spread that the figures are trusted with against the priors. */
const NOISE = 0.3;

/** How far whole sources lie off, as a logarithm: other clocks, other loops around the inference, other habits. */
const SOURCE_BIAS = 0.3;

interface Unknown {
  log: number;
  deviation: number;
}
const PRIORS: readonly Unknown[] = FACTOR_NAMES.map((name) => FACTOR_PRIORS[name]);

/**
 * Factors that fit the figures best without leaving their priors far: Levenberg and Marquardt on logarithms. What all
 * figures of a source have in common is its bias, which no factor has to explain.
 */
export function fit(figures: readonly PreparedFigure[]): Factors {
  const weights = weightsOf(figures);
  const sources = [...new Set(figures.map(({ figure }) => sourceOf(figure)))];
  const priors = [...PRIORS, ...sources.map(() => ({ log: 0, deviation: SOURCE_BIAS }))];
  const biasAt = figures.map(
    ({ figure }) => FACTOR_NAMES.length + sources.indexOf(sourceOf(figure)),
  );
  let logs = priors.map(({ log }) => log);
  let damping = 1e-2;
  const problem = { figures, weights, priors, biasAt };
  let cost = costOf(problem, logs);
  for (let at = 0; at < ITERATIONS; at++) {
    const { matrix, gradient } = normalEquations(problem, logs);
    const step = solve(
      matrix.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) : value))),
      gradient,
    );
    const next = logs.map((log, i) => log - (step[i] ?? 0));
    const nextCost = costOf(problem, next);
    if (nextCost < cost) {
      const gain = cost - nextCost;
      [logs, cost, damping] = [next, nextCost, damping / 3];
      if (gain < 1e-7 * cost) break;
    } else {
      damping *= 4;
      if (damping > 1e6) break;
    }
  }
  return factorsFrom(logs);
}

/** Each model counts by the root of its figures, so that one with fifty does not decide alone. */
function weightsOf(figures: readonly PreparedFigure[]): number[] {
  const counts = new Map<string, number>();
  for (const { figure } of figures) counts.set(figure.model, (counts.get(figure.model) ?? 0) + 1);
  return figures.map(({ figure }) => 1 / Math.sqrt(counts.get(figure.model) ?? 1));
}

/** Error of a prediction as a logarithm: 0.1 is ten percent too slow. */
export function logError(figure: PreparedFigure, factors: Factors): number {
  return Math.log(predictedMs(figure, factors) / figure.figure.ms);
}

interface Problem {
  figures: readonly PreparedFigure[];
  weights: readonly number[];
  priors: readonly Unknown[];
  /** Place of the bias of each figure's source among the unknowns. */
  biasAt: readonly number[];
}

function errorsOf({ figures, biasAt }: Problem, logs: readonly number[]): number[] {
  const factors = factorsFrom(logs);
  return figures.map(
    (figure, at) => (logError(figure, factors) + (logs[biasAt[at] ?? -1] ?? 0)) / NOISE,
  );
}

function costOf(problem: Problem, logs: readonly number[]): number {
  const { weights, priors } = problem;
  const limit = HUBER / NOISE;
  const data = errorsOf(problem, logs).reduce((sum, error, at) => {
    const size = Math.abs(error);
    const loss = size <= limit ? size * size : limit * (2 * size - limit);
    return sum + (weights[at] ?? 0) * loss;
  }, 0);
  return data + logs.reduce((sum, log, at) => sum + priorError(log, priors[at]) ** 2, 0);
}

function priorError(log: number, prior: Unknown | undefined): number {
  return prior ? (log - prior.log) / prior.deviation : 0;
}

function normalEquations(
  problem: Problem,
  logs: readonly number[],
): { matrix: number[][]; gradient: number[] } {
  const { weights, priors } = problem;
  const base = errorsOf(problem, logs);
  const limit = HUBER / NOISE;
  const pull = base.map(
    (error, at) => (weights[at] ?? 0) * Math.min(1, limit / Math.max(1e-9, Math.abs(error))),
  );
  const slopes = logs.map((_, i) => {
    const moved = errorsOf(
      problem,
      logs.map((log, j) => (i === j ? log + STEP : log)),
    );
    return moved.map((error, at) => (error - (base[at] ?? 0)) / STEP);
  });
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, one, at) => sum + one * (b[at] ?? 0) * (pull[at] ?? 0), 0);
  const matrix = slopes.map((a, i) =>
    slopes.map((b, j) => dot(a, b) + (i === j ? 1 / (priors[i]?.deviation ?? 1) ** 2 : 0)),
  );
  const gradient = slopes.map(
    (a, i) => dot(a, base) + priorError(logs[i] ?? 0, priors[i]) / (priors[i]?.deviation ?? 1),
  );
  return { matrix, gradient };
}

/** Solves a small symmetric system by elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const [top, own] = [rows[pivot] ?? [], rows[column] ?? []];
    [rows[column], rows[pivot]] = [top, own];
    const lead = top[column] ?? 1;
    for (let row = 0; row < size; row++) {
      const current = rows[row];
      if (row === column || !current) continue;
      const factor = (current[column] ?? 0) / lead;
      for (let at = column; at <= size; at++)
        current[at] = (current[at] ?? 0) - factor * (top[at] ?? 0);
    }
  }
  return rows.map((row, at) => (row[size] ?? 0) / (row[at] ?? 1));
}
