import { describe, expect, it } from "vitest";
import { type Import, importCircles, importsOf, isModule, repositoryFiles } from "./sources.ts";

function importsBetween(...pairs: [from: string, to: string][]): Import[] {
  return pairs.map(([from, to]) => ({ from, to }));
}

describe("modules", () => {
  it("do not import each other in circles, not even their types", () => {
    const imports = repositoryFiles().filter(isModule).flatMap(importsOf);

    // What two modules need of each other is a third: mostly the type that both speak of.
    expect(importCircles(imports)).toEqual([]);
  });
});

describe("the search for circles", () => {
  it.each<[string, Import[], string[][]]>([
    ["none in a chain", importsBetween(["a", "b"], ["b", "c"], ["a", "c"]), []],
    ["a module that imports itself", importsBetween(["a", "a"]), [["a"]]],
    ["two modules once", importsBetween(["b", "a"], ["a", "b"], ["c", "a"]), [["a", "b"]]],
    [
      "a long circle, and another beside it",
      importsBetween(["a", "b"], ["b", "c"], ["c", "a"], ["c", "x"], ["x", "y"], ["y", "x"]),
      [
        ["a", "b", "c"],
        ["x", "y"],
      ],
    ],
  ])("finds %s", (_what, imports, circles) => {
    expect(importCircles(imports)).toEqual(circles);
  });
});
