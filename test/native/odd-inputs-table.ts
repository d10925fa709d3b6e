/** Prints what became of each odd file as Markdown: `node test/native/odd-inputs-table.ts`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fixture } from "./addon.ts";
import { ODD_FILES } from "./odd-inputs.ts";
import { judge, readInput } from "./odd-run.ts";

const fixture = new Fixture();
const folder = mkdtempSync(join(tmpdir(), "jetfleet-odd-"));
let wrong = 0;
console.log("| input | frames | size | said | as expected |\n|---|---|---|---|---|");
for (const file of ODD_FILES) {
  const seen = await readInput(fixture, { uri: file.make(folder) });
  const judged = judge(seen, file.expect);
  if (judged !== null) wrong++;
  const said = [seen.code, ...seen.warns].filter((code) => code !== null).join(", ") || "–";
  console.log(
    `| ${file.name} | ${seen.frames} | ${seen.size ?? "–"} | ${said} | ${judged ?? "yes"} |`,
  );
}
console.log(`\n${ODD_FILES.length} inputs, ${wrong} not as expected.`);
fixture.dispose();
rmSync(folder, { recursive: true, force: true });
process.exitCode = wrong === 0 ? 0 : 1;
