import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crossValidate } from "../../../fleet/plan/calibration/cross-validate.ts";
import { FIGURE_SOURCES, FIGURES, LEFT_OUT } from "../../../fleet/plan/calibration/figures.ts";
import { type PreparedFigure, prepare } from "../../../fleet/plan/calibration/prepare.ts";
import { type OnnxModel, readModel } from "../../../fleet/plan/index.ts";
import type { Bench, BenchResult } from "../bench.ts";

const networks = join(import.meta.dirname, "../../../fleet/plan/calibration/networks");

interface PlannerResult extends BenchResult {
  medianError: number;
  p90Error: number;
  coverage80: number;
  baselineMedianError: number;
}

/** Estimates of published figures by factors that never saw the figure's model. */
export const plannerBench: Bench = {
  name: "planner",
  summary: "the planner's estimates against published figures, leaving each model out in turn",
  run(log): Promise<PlannerResult> {
    log(`working out ${FIGURES.length} figures`);
    const result = crossValidate(prepareFigures());
    const { medianError, p90Error, coverage80, baselineMedianError, medianErrorByModel } = result;
    const summary = { medianError, p90Error, coverage80, baselineMedianError };
    return Promise.resolve({
      ...summary,
      rows: result.rows.map((row) => ({
        figure: row.figure.id,
        model: row.figure.model,
        publishedMs: row.figure.ms,
        estimatedMs: row.predictedMs,
        lowMs: row.lowMs,
        highMs: row.highMs,
        errorPercent: 100 * row.error,
        covered: row.covered ? 1 : 0,
        baselineMs: row.baselineMs,
        baselineErrorPercent: 100 * row.baselineError,
      })),
      ratios: {
        ...summary,
        medianErrorByModel,
        betterThanBaseline: baselineMedianError / medianError,
      },
      conditions: {
        figures: FIGURES.length,
        models: new Set(FIGURES.map(({ model }) => model)).size,
        heldOut: "all figures of one model, over all boards and sizes",
        baseline: "operations over peak rate",
        sources: Object.values(FIGURE_SOURCES).join("; "),
        leftOut: LEFT_OUT.map(({ what, why }) => `${what} (${why})`).join("; "),
      },
    });
  },
};

/** All figures with their graphs worked out. */
export function prepareFigures(): PreparedFigure[] {
  const models = new Map<string, OnnxModel>();
  return FIGURES.map((figure) => {
    const known = models.get(figure.network);
    const model = known ?? readModel(readFileSync(join(networks, `${figure.network}.onnx`)));
    models.set(figure.network, model);
    return prepare(figure, model);
  });
}
