import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const BACKEND = "backends/tensorrt";
const FOLDERS = [BACKEND, `${BACKEND}/cuda`, `${BACKEND}/files`];
/** Of core only the arithmetic of colours, which the kernels share; as in tensorrt.mk. */
const SHARED_UNIT = "core/prepare/rows.cc";
const KERNELS = `${BACKEND}/cuda/kernels`;
/** Searched like the vendor's own headers. */
const SHIM = `${BACKEND}/shim`;

/**
 * Writes the sources of TensorRT's backend as one file, for boards to compile against their own headers: its units, what they
 * include, and the kernels as the lists of bytes that the compiler reads. `native`: folder of the native runtime.
 */
export function packBackendSource(native: string, outfile: string): void {
  const units = [
    ...FOLDERS.flatMap((folder) =>
      readdirSync(join(native, folder))
        .filter((name) => name.endsWith(".cc"))
        .map((name) => `${folder}/${name}`),
    ),
    SHARED_UNIT,
  ].sort();
  const files: Record<string, string> = {};
  for (const kernel of readdirSync(join(native, KERNELS))) {
    if (!kernel.endsWith(".cu")) continue;
    const bytes = readFileSync(join(native, KERNELS, kernel));
    files[`generated/kernels/${kernel.replace(/\.cu$/, ".inc")}`] = `${[...bytes].join(",")}\n`;
  }
  for (const name of readdirSync(join(native, SHIM))) {
    if (name.endsWith(".h")) files[`${SHIM}/${name}`] = read(native, `${SHIM}/${name}`);
  }
  for (const unit of units) take(native, unit, files);
  writeFileSync(outfile, JSON.stringify({ units, files: sorted(files) }));
}

/** A file and whatever of ours it includes. */
function take(native: string, path: string, files: Record<string, string>): void {
  if (files[path] !== undefined) return;
  const text = read(native, path);
  files[path] = text;
  for (const [, included = ""] of text.matchAll(/^#include "([^"]+)"/gm)) {
    // Kernels are generated; what has no folder is the vendor's.
    if (included.startsWith("kernels/") || !included.includes("/")) continue;
    take(native, included, files);
  }
}

function read(native: string, path: string): string {
  return readFileSync(join(native, path), "utf8");
}

function sorted(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where it lies beside an agent's bundle. */
export function backendSourceBeside(bundle: string): string {
  return join(dirname(bundle), "backend-source.json");
}
