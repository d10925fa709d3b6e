import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSource, repositoryFiles, root } from "./sources.ts";

const CODE = /\.(ts|tsx|mts|mjs|cc|h|cu|py|go|sh)$|(^|\/)(go\.mod|Makefile)$/;
const MOST_LINES = 60;

/**
 * A folder of test/ is explained by the README of the code that it mirrors ("test/hub" may stand for
 * "test/fleet/hub"), or by one of its own; helpers below it too.
 */
function isExplained(folder: string): boolean {
  if (!folder.startsWith("test/")) return false;
  const mirrored = folder.slice("test/".length);
  const explaining = [mirrored, `fleet/${mirrored}`, `${folder}/README.md`];
  return explaining.some((path) => existsSync(join(root, path))) || isExplained(dirname(folder));
}

const files = repositoryFiles();
const codeFolders = [...new Set(files.filter((file) => CODE.test(file)).map(dirname))]
  .filter((folder) => folder !== "." && !isExplained(folder))
  .sort();

describe("a folder that holds code", () => {
  it("has a README.md that says what lives there", () => {
    const lacking = codeFolders.filter((folder) => !files.includes(`${folder}/README.md`));

    expect(lacking).toEqual([]);
  });

  it("has a README.md short enough to be read", () => {
    const readmes = files.filter((file) => file.endsWith("/README.md"));
    const lengths = readmes.map((file) => ({ file, lines: readSource(file).split("\n").length }));

    expect(lengths.filter(({ lines }) => lines > MOST_LINES || lines < 3)).toEqual([]);
  });
});
