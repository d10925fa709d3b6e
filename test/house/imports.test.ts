import { describe, expect, it } from "vitest";
import { EDGE_FOLDERS, IMPORT_RULES, PURE_FOLDERS } from "./import-rules.ts";
import { importsOf, isModule, repositoryFiles } from "./sources.ts";

const imports = repositoryFiles().filter(isModule).flatMap(importsOf);

describe("the house's table of imports", () => {
  it.each(IMPORT_RULES)("$rule: $because", ({ from, to, except }) => {
    const broken = imports
      .filter((each) => from.test(each.from) && to.test(each.to) && !except?.test(each.to))
      .map((each) => `${each.from} imports ${each.to}`);

    expect(broken).toEqual([]);
  });

  it("says of every folder of fleet whether it decides or acts", () => {
    const folders = repositoryFiles()
      .filter((file) => /^fleet\/[^/]+\//.test(file))
      .map((file) => file.split("/")[1] ?? "");
    const unsaid = new Set(
      folders.filter((one) => ![...PURE_FOLDERS, ...EDGE_FOLDERS].includes(one)),
    );

    expect([...unsaid]).toEqual([]);
  });

  it("is read from real imports", () => {
    expect(imports).toContainEqual({ from: "fleet/spec/device.ts", to: "zod" });
    expect(imports).toContainEqual({
      from: "test/house/imports.test.ts",
      to: "test/house/sources.ts",
    });
  });
});
