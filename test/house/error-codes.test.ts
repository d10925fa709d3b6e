import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../fleet/errors/index.ts";
import { readSource, repositoryFiles } from "./sources.ts";

const TABLE = "fleet/errors/codes.ts";
const code = repositoryFiles().filter(
  (file) => /^(fleet|infra|agent|cli|native)\/.*\.(ts|tsx|mjs|cc|h)$/.test(file) && file !== TABLE,
);

/** Codes that plain JavaScript and C++ raise, where no type holds them against the table. */
function untypedCodes(): { file: string; code: string }[] {
  return code
    .filter((file) => /\.(mjs|cc|h)$/.test(file))
    .flatMap((file) =>
      [
        ...readSource(file).matchAll(/(?:SetupError|Error|code[:=(]) ?\(?\s*"([A-Z]+_[A-Z_]+)"/g),
      ].map((match) => ({ file, code: match[1] ?? "" })),
    );
}

describe("the table of error codes", () => {
  it.each(Object.entries(ERROR_CODES))("says of %s when it is used and what helps", (name, row) => {
    expect(name).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(row.when).toMatch(/^[A-Z].{10,}\.$|^jetfleet .+\.$/);
    expect(row.hint).toMatch(/^[A-Z].{5,}\.$/);
  });

  it("knows every code that set-up and the native runtime raise", () => {
    const unknown = untypedCodes().filter((each) => !(each.code in ERROR_CODES));

    expect(untypedCodes().length).toBeGreaterThan(10);
    expect(unknown).toEqual([]);
  });

  it("has no code that nothing raises", () => {
    const all = code.map(readSource).join("\n");
    const dead = Object.keys(ERROR_CODES).filter((name) => !all.includes(`"${name}"`));

    expect(dead).toEqual([]);
  });
});
