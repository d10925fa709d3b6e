import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Files that git knows or would take, relative to the root; so neither builds nor dependencies. */
export function repositoryFiles(): string[] {
  const args = ["ls-files", "-co", "--exclude-standard", "-z"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8" });
  return listed.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
}

export function readSource(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

export interface Import {
  from: string;
  /** A file of ours relative to the root, or a bare name ("zod", "node:fs"). */
  to: string;
}

/** What a module imports, statically or dynamically, relative names resolved. */
export function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readSource(file), true, true);
  return importedFiles.map(({ fileName }) => ({ from: file, to: resolveImport(file, fileName) }));
}

function resolveImport(file: string, name: string): string {
  if (!name.startsWith(".")) return name;
  return relative(root, join(root, dirname(file), name));
}

/** Groups of modules that reach each other by their imports, of types too; each group sorted. */
export function importCircles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Map([...next.keys()].map((from) => [from, reachable(from, next)]));
  const circles = new Map<string, string[]>();
  for (const [from, all] of reached) {
    const circle = [...all].filter((to) => reached.get(to)?.has(from)).sort();
    if (circle.includes(from)) circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/** What `from` imports, and what that imports; `from` itself only where there is a way back. */
function reachable(from: string, next: ReadonlyMap<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const queue = [...(next.get(from) ?? [])];
  for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
    if (seen.has(module)) continue;
    seen.add(module);
    queue.push(...(next.get(module) ?? []));
  }
  return seen;
}

export function isModule(file: string): boolean {
  return /\.(ts|tsx|mts|mjs)$/.test(file) && !/\.d\.(ts|mts)$/.test(file);
}

/** The package of a bare import: "@scope/name/deep" → "@scope/name". */
export function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}
