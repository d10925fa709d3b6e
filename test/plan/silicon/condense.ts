/** Condenses what build-all.sh brought back, and says how far it agrees: `node condense.ts OUT [RESULTS]`. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { activationBytes, agreementWith, modelOf } from "./compare.ts";
import { Built, Measured, toReport } from "./engine-report.ts";
import { namesOf } from "./rtx-report.ts";

const [out = "", results = join(import.meta.dirname, "results/tensorrt")] = process.argv.slice(2);

/** The inspector separates the nodes of a layer by control characters, which JSON does not allow. */
function parse(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8").replace(/[\u0000-\u001f]/g, " "));
}

mkdirSync(results, { recursive: true });
for (const atOnce of readdirSync(out)) {
  for (const file of readdirSync(join(out, atOnce))) {
    if (file.endsWith(".measured.json")) condense(file.replace(".measured.json", ""), atOnce);
  }
}

function condense(name: string, atOnce: string): void {
  const model = modelOf(name);
  if (model === null) {
    console.log(`${name}: its model is not here`);
    return;
  }
  const report = toReport(
    name,
    Number(atOnce),
    Built.parse(parse(join(out, atOnce, `${name}.built.json`))),
    Measured.parse(parse(join(out, atOnce, `${name}.measured.json`))),
    namesOf(model.graph.nodes),
  );
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(report)}\n`);
  const { both, onlyEngine, onlyOurs, ...counts } = agreementWith(report, model);
  const pairs = { both, onlyEngine: onlyEngine.length, onlyOurs: onlyOurs.length };
  const { buildSeconds, deviceMemoryBytes } = report;
  const memory = { ourActivationBytes: activationBytes(report, model), deviceMemoryBytes };
  console.log(JSON.stringify({ name, ...pairs, ...counts, buildSeconds, ...memory }));
}
