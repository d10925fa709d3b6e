/** Fits the factors on the published figures and writes fleet/plan/calibration/fitted.ts: `node refit.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { biasOf, crossValidate, spreadOf } from "../../../fleet/plan/calibration/cross-validate.ts";
import { FIGURES, sourceOf } from "../../../fleet/plan/calibration/figures.ts";
import { fit } from "../../../fleet/plan/calibration/fit.ts";
import { prepareFigures } from "./bench.ts";

const prepared = prepareFigures();
const { errors, medianError, p90Error, coverage80 } = crossValidate(prepared, true);
const [spread, bias] = [spreadOf(errors), biasOf(errors)];
const round = (value: number): number => Number(value.toPrecision(4));
const models = new Set(FIGURES.map(({ model }) => model)).size;
const sources = new Set(FIGURES.map(sourceOf)).size;
const factors = Object.entries(fit(prepared)).map(([name, value]) => `  ${name}: ${round(value)},`);

writeFileSync(
  join(import.meta.dirname, "../../../fleet/plan/calibration/fitted.ts"),
  `import type { Factors } from "../estimate/factors.ts";

// Written by test/bench/planner/refit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
${factors.join("\n")}
};

/** Bounds of the middle 80 % of errors on sources that were left out, as logarithms. */
export const HELD_OUT_SPREAD = { low: ${round(spread.low)}, high: ${round(spread.high)} };

/** How far the worst of them lies off with nine tenths of its figures, to either side. */
export const HELD_OUT_BIAS = { low: ${round(bias.low)}, high: ${round(bias.high)} };

export const FITTED_ON = {
  figures: ${FIGURES.length},
  models: ${models},
  sources: ${sources},
  medianError: ${round(medianError)},
  p90Error: ${round(p90Error)},
  coverage80: ${round(coverage80)},
};
`,
);
