import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";

const NATIVE = resolve(import.meta.dirname, "../../../native");

/** Compiles a decoder of this folder for this machine to `path`; `macros` as `-D` takes them. */
export function compileDecoder(
  path: string,
  source: "own_decoder.c" | "steady_decoder.c",
  macros: readonly string[] = [],
): string {
  const defined = macros.map((macro) => `-D${macro}`);
  const file = join(import.meta.dirname, source);
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-I", NATIVE, ...defined, "-o", path, file]);
  return path;
}
