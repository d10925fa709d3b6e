import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crossValidate } from "../../../fleet/plan/calibration/cross-validate.ts";
import {
  FIGURE_SOURCES,
  FIGURES,
  LEFT_OUT,
  sourceOf,
} from "../../../fleet/plan/calibration/figures.ts";
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

/** Estimates of published figures by factors that never saw the figure's source. */
export const plannerBench: Bench = {
  name: "planner",
  summary: "the planner's estimates against published figures, leaving each source out in turn",
  run(log): Promise<PlannerResult> {
    log(`working out ${FIGURES.length} figures`);
    const result = crossValidate(prepareFigures(), true);
    const { medianError, p90Error, coverage80, baselineMedianError, families } = result;
    const summary = { medianError, p90Error, coverage80, baselineMedianError };
    for (const one of families) {
      const { family, figures, sources } = one;
      const [error, p90, coverage, baseline] = [
        ...[one.medianError, one.p90Error, one.coverage80, one.baselineMedianError],
      ].map((share) => `${(100 * share).toFixed(0)} %`);
      log(
        `${family}: ${figures} figures of ${sources} sources: median error ${error}, p90 ${p90}, coverage ${coverage}; operations over peak: median error ${baseline}`,
      );
    }
    return Promise.resolve({
      ...summary,
      rows: result.rows.map((row) => ({
        figure: row.figure.id,
        family: row.family,
        source: sourceOf(row.figure),
        tensorrt: row.figure.trt,
        kind: row.figure.kind,
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
        ...Object.fromEntries(
          families.flatMap(({ family, ...one }) => [
            [`medianError ${family}`, one.medianError],
            [`p90Error ${family}`, one.p90Error],
            [`coverage80 ${family}`, one.coverage80],
            [`baselineMedianError ${family}`, one.baselineMedianError],
          ]),
        ),
        betterThanBaseline: baselineMedianError / medianError,
      },
      conditions: {
        figures: FIGURES.length,
        models: new Set(FIGURES.map(({ model }) => model)).size,
        sourcesHeldOut: new Set(FIGURES.map(sourceOf)).size,
        heldOut: "all figures of one source, over all boards, models and sizes",
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
