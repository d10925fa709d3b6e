import { describe, expect, it } from "vitest";
import { readSource, repositoryFiles } from "./sources.ts";

const GLOSSARY = "fleet/GLOSSARY.md";
/** What people read or write: code, screens and docs. Captured outputs and tables of others say what they say. */
const READ = /^(fleet|infra|agent|native|cli|models)\/.*\.(ts|tsx|mjs|cc|h|md)$|^README\.md$/;

interface Ban {
  word: string;
  synonym: string;
}

/** The last column of the glossary's first table. */
function bannedWords(): Ban[] {
  const [, ours = ""] = readSource(GLOSSARY).split(/^## /m);
  return ours
    .split("\n")
    .filter((line) => /^\| (?!word|-)/.test(line))
    .flatMap((line) => {
      const [, word = "", , not = ""] = line.split("|").map((cell) => cell.trim());
      return not
        .split(",")
        .map((synonym) => ({ word, synonym: synonym.trim() }))
        .filter(({ synonym }) => synonym !== "");
    });
}

/** As words of a text and inside identifiers ("engine file", "ENGINE_FILE", "oldEngineFilePath"), and in plural. */
function patternsOf(synonym: string): RegExp[] {
  const words = synonym.split(/[ /-]/);
  const spelt = new RegExp(`(?<![a-z])${words.join("[ _/-]")}s?(?![a-z])`, "i");
  if (synonym === synonym.toUpperCase()) return [spelt];
  const [first = "", ...rest] = words
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  const start = `((?<![A-Za-z])${first.toLowerCase()}|${first})`;
  return [spelt, new RegExp(`${start}${rest.join("")}s?(?![a-z])`)];
}

function finds(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

describe("the glossary", () => {
  it("is linked from the first page", () => {
    expect(readSource("README.md")).toContain(GLOSSARY);
  });

  it("names synonyms, and none that is a word of its own", () => {
    const bans = bannedWords();
    const words = bans.flatMap(({ word }) => word.split(", "));
    expect(bans.length).toBeGreaterThan(40);
    expect(bans.filter(({ synonym }) => words.includes(synonym))).toEqual([]);
  });

  it.each([
    "engine files",
    "the engineFile",
    "ENGINE_FILE",
    "An engine-file.",
    "oldEngineFilePath",
  ])("finds the synonym in %j", (text) => {
    expect(finds(patternsOf("engine file"), text)).toBe(true);
  });

  it.each(["engine filed", "engine profile", "steam-engine filing"])("finds none in %j", (text) => {
    expect(finds(patternsOf("engine file"), text)).toBe(false);
  });

  it("is kept: nothing is called by a synonym", () => {
    const bans = bannedWords().map((ban) => ({ ...ban, patterns: patternsOf(ban.synonym) }));
    const files = repositoryFiles().filter((file) => READ.test(file) && file !== GLOSSARY);
    const found = files.flatMap((file) => {
      const text = readSource(file);
      return bans
        .filter(({ patterns }) => finds(patterns, text))
        .map(({ word, synonym, patterns }) => {
          const line = text.split("\n").findIndex((one) => finds(patterns, one)) + 1;
          return `${file}:${line} says "${synonym}": say ${word}`;
        });
    });

    expect(found).toEqual([]);
  });
});
