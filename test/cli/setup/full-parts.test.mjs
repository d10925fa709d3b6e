import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { FULL_PARTS, fullPlan, partNamed } from "../../../cli/setup/full-parts.mjs";
import { repoDir } from "../../../cli/setup/paths.mjs";

/** @param {string} file */
const read = (file) => readFileSync(path.join(repoDir, file), "utf8");

/** What a test names that is longer in the full form; e2e tests have it from a file of theirs. */
const NAMED = /JETFLEET_TEST_FULL|\/long-form\.ts"/;

/** Files of tests that are longer in the full form. */
function longTests() {
  return readdirSync(path.join(repoDir, "test"), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((file) => /\.test\.tsx?$/.test(file) && NAMED.test(read(file)));
}

describe("the parts of the full tests", () => {
  const parts = Object.values(FULL_PARTS);

  it("are all that is longer in the full form, each once", () => {
    const files = parts.flatMap(({ files: some = [] }) => some);
    expect(files.sort()).toEqual(longTests().sort());
  });

  it("of the native tests are targets of their Makefile", () => {
    const makefile = read("native/Makefile");
    const targets = parts.flatMap(({ make }) => make ?? []);
    for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, "m"));
    expect(targets).toHaveLength(4);
  });

  it("are chosen by name; paths and options are vitest's", () => {
    expect(partNamed(["kills"])).toBe(FULL_PARTS.kills);
    for (const args of [[], ["test/hub"], ["-t", "kills"], ["kills", "-t", "x"]]) {
      expect(partNamed(args)).toBeUndefined();
    }
    for (const name of ["toString", "all"]) {
      expect(() => partNamed([name])).toThrow(/expected a part of the full tests/);
    }
  });

  it("are told beforehand, with how long they take", () => {
    expect(fullPlan()).toMatch(/about \d\.\d h on two cores/);
    for (const name of Object.keys(FULL_PARTS)) expect(fullPlan()).toContain(`  ${name} `);
  });
});
