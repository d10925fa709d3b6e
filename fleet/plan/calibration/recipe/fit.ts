/** Fits the factors on the published figures and writes `../fitted.ts`: `node fit.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readModel } from "../../onnx/index.ts";
import { crossValidate, spreadOf } from "../cross-validate.ts";
import { FIGURES } from "../figures.ts";
import { fit } from "../fit.ts";
import { prepare } from "../prepare.ts";

const folder = join(import.meta.dirname, "..");
const networks = new Map(
  FIGURES.map(({ network }) => [
    network,
    readModel(readFileSync(join(folder, "networks", `${network}.onnx`))),
  ]),
);
const prepared = FIGURES.map((figure) => {
  const model = networks.get(figure.network);
  if (!model) throw new Error(`No graph of ${figure.network}`);
  return prepare(figure, model);
});
const factors = fit(prepared);
const { rows, medianError, p90Error, coverage80 } = crossValidate(prepared);
const spread = spreadOf(
  rows.map(({ figure, predictedMs }) => ({
    model: figure.model,
    log: Math.log(predictedMs / figure.ms),
  })),
);
const round = (value: number): number => Number(value.toPrecision(4));
const models = new Set(FIGURES.map(({ model }) => model)).size;
const lines = Object.entries(factors).map(([name, value]) => `  ${name}: ${round(value)},`);

writeFileSync(
  join(folder, "fitted.ts"),
  `import type { Factors } from "../estimate/factors.ts";

// Written by recipe/fit.ts from figures.ts; do not edit.
/** Factors of the roofline, fitted on all published figures. */
export const FITTED_FACTORS: Factors = {
${lines.join("\n")}
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
