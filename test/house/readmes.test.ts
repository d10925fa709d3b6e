import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSource, repositoryFiles, root } from "./sources.ts";

const CODE = /\.(ts|tsx|mts|mjs|cc|h|cu|py|go|sh)$|(^|\/)(go\.mod|Makefile)$/;
const MOST_LINES = 60;

/** A folder of test/ that mirrors a folder of code is explained by that one's README, helpers below it too. */
function isMirror(folder: string): boolean {
  if (!folder.startsWith("test/")) return false;
  return existsSync(join(root, folder.slice("test/".length))) || isMirror(dirname(folder));
}

const files = repositoryFiles();
const codeFolders = [...new Set(files.filter((file) => CODE.test(file)).map(dirname))]
  .filter((folder) => folder !== "." && !isMirror(folder))
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
