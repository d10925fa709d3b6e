import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { codesTable } from "../../../fleet/errors/codes-table.ts";
import { ERROR_CODES } from "../../../fleet/errors/index.ts";

const FILE = new URL("../../../fleet/errors/CODES.md", import.meta.url);

it("CODES.md is what `node fleet/errors/generate-table.ts` prints", async () => {
  expect(await readFile(FILE, "utf8")).toBe(codesTable());
});

it.each(Object.keys(ERROR_CODES))("CODES.md has one row of four cells for %s", (code) => {
  const rows = codesTable()
    .split("\n")
    .filter((line) => line.startsWith(`| \`${code}\` `));
  expect(rows).toHaveLength(1);
  expect(rows[0]?.split(/(?<!\\)\|/)).toHaveLength(6);
});
