import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import type { Compiler, Headers } from "./board-tools.ts";

/** Inside the folder it is compiled in, and nowhere else. */
const SourcePath = z.string().regex(/^[a-z][\w-]*(\/[\w-]+)*\.(cc|cu|h|inc)$/);

/** Sources of TensorRT's backend, as `agent/pack-backend.ts` gathers them. */
export const BackendSource = z.strictObject({
  /** What is compiled, each a file. */
  units: z.array(SourcePath).min(1).max(500),
  files: z.record(SourcePath, z.string().max(2 ** 20)),
});
export type BackendSource = z.infer<typeof BackendSource>;

export interface ReadSource {
  source: BackendSource;
  /** Of the file as it is. */
  digest: string;
}

/** Beside the agent's bundle. Throws NATIVE_LOAD. */
export async function readBackendSource(bundlePath: string): Promise<ReadSource> {
  const path = join(dirname(bundlePath), "backend-source.json");
  try {
    const text = await readFile(path, "utf8");
    const source = BackendSource.parse(JSON.parse(text));
    return { source, digest: createHash("sha256").update(text).digest("hex") };
  } catch (cause) {
    throw new FleetError(
      "NATIVE_LOAD",
      `Expected the sources of TensorRT's backend at ${path} but they cannot be read`,
      { hint: "Deploy the device again.", cause },
    );
  }
}

/** Names what an object was made of and by: another of these is another object. */
export function objectKey(sourceDigest: string, headers: Headers, compiler: Compiler): string {
  const hash = createHash("sha256");
  for (const part of [sourceDigest, headers.name, headers.versionText, compiler.version]) {
    hash.update(createHash("sha256").update(part).digest());
  }
  return hash.digest("hex").slice(0, 32);
}
