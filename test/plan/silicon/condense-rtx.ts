/** Condenses what build-rtx.sh built, and says how far it agrees: `node condense-rtx.ts FOLDER [RESULTS]`. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { OnnxModel } from "../../../fleet/plan/onnx/index.ts";
import { activationBytes, agreementWithRtx, modelOf } from "./compare.ts";
import { RtxBuilt, type RtxReport, toRtxReport } from "./rtx-report.ts";

const [folder = "", results = join(import.meta.dirname, "results/rtx")] = process.argv.slice(2);

mkdirSync(results, { recursive: true });
console.log(
  "| model | both | only RTX | only ours | launches RTX / ours | activation MB RTX / live |",
);
console.log("|---|--:|--:|--:|--:|--:|");
for (const file of readdirSync(folder).sort()) condense(basename(file, ".json"));

function condense(name: string): void {
  const [model = "", precision = ""] = name.split(/-(?=fp|x86)/);
  const graph = modelOf(model);
  if (graph === null) throw new Error(`${name}: its model is not here`);
  const built = RtxBuilt.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));
  const report = toRtxReport({ name: model, precision }, built, graph);
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  console.log(rowOf(name, report, graph));
}

function rowOf(name: string, report: RtxReport, model: OnnxModel): string {
  if (report.error !== null) return `| ${name} | refused: ${report.error} |`;
  const { both, onlyEngine, onlyOurs, engineLaunches, ourLaunches } = agreementWithRtx(
    report,
    model,
  );
  const live = activationBytes(report, model);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const memory = `${mb(report.activationBytes)} / ${mb(live)} = ${(report.activationBytes / live).toFixed(1)}`;
  const pairs = [both, onlyEngine.length, onlyOurs.length].join(" | ");
  return `| ${name} | ${pairs} | ${engineLaunches} / ${ourLaunches} | ${memory} |`;
}
