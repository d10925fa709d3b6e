import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missingPlatformPackages } from "../../cli/setup/lockfile.mjs";
import { readSource, repositoryFiles, root } from "./sources.ts";

const TOP_LEVEL = [
  "LICENSE",
  "README.md",
  "agent",
  "biome.json",
  "cli",
  "fleet",
  "infra",
  "models",
  "native",
  "package-lock.json",
  "package.json",
  "test",
  "tsconfig.json",
  "vitest.config.ts",
];
const LARGEST_BYTES = 5_000_000;

interface Lockfile {
  packages: Record<string, { resolved?: string }>;
}

const lockfile = JSON.parse(readSource("package-lock.json")) as Lockfile;

describe("the repository", () => {
  it("keeps its fixed top level", () => {
    const found = new Set(repositoryFiles().map((file) => file.split("/")[0] ?? ""));
    const unexpected = [...found].filter(
      (name) => !name.startsWith(".") && !TOP_LEVEL.includes(name),
    );

    expect(unexpected).toEqual([]);
  });

  it("has a lockfile that names no registry host, so that any mirror serves", () => {
    const hosts = Object.values(lockfile.packages).filter(({ resolved }) => resolved !== undefined);

    expect(hosts).toEqual([]);
  });

  it("has a lockfile that `npm ci` takes on every platform", () => {
    expect([...missingPlatformPackages(lockfile).keys()]).toEqual([]);
  });

  it("holds no file that makes a clone slow", () => {
    const large = repositoryFiles().filter(
      (file) => statSync(join(root, file)).size > LARGEST_BYTES,
    );

    expect(large).toEqual([]);
  });
});
