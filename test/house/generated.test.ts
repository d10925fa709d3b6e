import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { GENERATED_FOLDERS, generatedFiles } from "../../infra/generate/files.ts";
import { repositoryFiles, root } from "./sources.ts";

const written = generatedFiles();

it.each([...written.keys()])("%s is what `node infra/generate/main.ts` writes", (path) => {
  expect(readFileSync(join(root, path), "utf8")).toBe(written.get(path));
});

it("there is nothing else where it writes", () => {
  const folders: readonly string[] = GENERATED_FOLDERS;
  const there = repositoryFiles().filter((file) => folders.includes(dirname(file)));
  const strangers = there.filter((file) => !written.has(file) && !file.endsWith("/README.md"));
  expect(strangers).toEqual([]);
});
