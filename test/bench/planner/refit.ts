/** Fits the factors on the published figures and writes fleet/plan/calibration/fitted.ts: `node refit.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crossValidate, spreadOf } from "../../../fleet/plan/calibration/cross-validate.ts";
import { FIGURES } from "../../../fleet/plan/calibration/figures.ts";
import { fit } from "../../../fleet/plan/calibration/fit.ts";
import { prepareFigures } from "./bench.ts";

const prepared = prepareFigures();
const { rows, medianError, p90Error, coverage80 } = crossValidate(prepared);
const errors = rows.map(({ figure, predictedMs }) => ({
  model: figure.model,
  log: Math.log(predictedMs / figure.ms),
}));
const spread = spreadOf(errors);
const round = (value: number): number => Number(value.toPrecision(4));
const models = new Set(FIGURES.map(({ model }) => model)).size;
const factors = Object.entries(fit(prepared)).map(([name, value]) => `  ${name}: ${round(value)},`);

writeFileSync(
  join(import.meta.dirname, "../../../fleet/plan/calibration/fitted.ts"),
  `import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
${factors.join("\n")}
};

/** Bounds of the middle 80 % of errors on models that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: ${round(spread.low)}, high: ${round(spread.high)} };

export const FITTED_ON = {
  figures: ${FIGURES.length},
  models: ${models},
  medianError: ${round(medianError)},
  p90Error: ${round(p90Error)},
  coverage80: ${round(coverage80)},
};
`,
);
