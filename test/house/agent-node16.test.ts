import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { node16Path } from "../../cli/setup/paths.mjs";
import { importsOf, isModule, packageOf, readSource, repositoryFiles, root } from "./sources.ts";

/** The agent's modules and all of ours that they reach; `tsc -p agent` checks the same set's types. */
function agentClosure(): string[] {
  const seen = new Set<string>();
  const queue = repositoryFiles().filter((file) => /^agent\/.*\.ts$/.test(file));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file) || !isModule(file) || !existsSync(join(root, file))) continue;
    seen.add(file);
    queue.push(...importsOf(file).map(({ to }) => to));
  }
  return [...seen].sort();
}

/** For the forms that packages use: ">=16.0.0", "^16 || >=18", "*". */
function acceptsNode16(range: string): boolean {
  return range.split("||").some((part) => {
    const [, operator, major] = /(>=|\^|~)?\s*v?(\d+)/.exec(part) ?? [];
    if (major === undefined) return true;
    return operator === ">=" ? Number(major) <= 16 : Number(major) === 16;
  });
}

const closure = agentClosure();
const bareImports = closure
  .flatMap(importsOf)
  .filter(({ to }) => !existsSync(join(root, to)))
  .filter(({ to }) => !to.startsWith("."));

describe("the agent, which runs on Node 16", () => {
  let builtins: string[];

  beforeAll(() => {
    const script = "console.log(JSON.stringify(require('module').builtinModules))";
    const printed = execFileSync(node16Path(), ["-e", script], { encoding: "utf8" });
    builtins = JSON.parse(printed) as string[];
  });

  it("uses no module that Node 16 lacks", () => {
    const missing = bareImports
      .filter(({ to }) => to.startsWith("node:"))
      .filter(({ to }) => !builtins.includes(to.slice("node:".length)));

    expect(missing).toEqual([]);
  });

  it("names Node's own modules with node:, so that none is taken for a package", () => {
    expect(bareImports.filter(({ to }) => builtins.includes(to))).toEqual([]);
  });

  it("uses no package that asks for more than Node 16", () => {
    const packages = bareImports
      .map(({ to }) => packageOf(to))
      .filter((to) => !to.startsWith("node:"));
    const tooNew = [...new Set(packages)].filter((name) => {
      const manifest = JSON.parse(readSource(`node_modules/${name}/package.json`)) as {
        engines?: { node?: string };
      };
      return !acceptsNode16(manifest.engines?.node ?? "*");
    });

    expect(tooNew).toEqual([]);
  });

  it("loads nothing of the TypeScript that only Node 24 strips", () => {
    expect(closure.filter((file) => file.endsWith(".tsx"))).toEqual([]);
  });
});
