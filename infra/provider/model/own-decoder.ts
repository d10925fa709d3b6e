import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import {
  type DecoderLibrary,
  type DecoderObject,
  Machine,
  MOST_LIBRARY_BYTES,
  machineOf,
} from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import type { Properties } from "../rpc/values.ts";
import { requireSharedObject } from "./shared-object.ts";

/** The file that this machine can try; null: there is none, so that nothing of it is tried here. */
export type TriedLibrary = { path: string; digest: string } | null;

/**
 * Adds digests and sizes of a decoder's files, so that another file is another input. Each must be a whole shared object
 * for its machine: those of other machines are tried by nobody here.
 */
export async function addDecoder(
  inputs: Properties,
  library: DecoderLibrary,
): Promise<{ failures: CheckFailure[]; library: TriedLibrary }> {
  const failures: CheckFailure[] = [];
  const objects: Partial<Record<Machine, DecoderObject>> = {};
  let tried: TriedLibrary = null;
  for (const machine of Machine.options) {
    const path = library[machine];
    if (path === undefined) continue;
    try {
      const bytes = await bytesOf(resolve(path));
      requireSharedObject(bytes, machine, path);
      const object = { digest: sha256Digest(bytes), sizeBytes: bytes.length };
      objects[machine] = object;
      if (machine === machineOf(process.arch))
        tried = { path: resolve(path), digest: object.digest };
    } catch (error) {
      if (!isFleetError(error)) throw error;
      const { code, message } = error;
      failures.push({ property: `decoderLibrary.${machine}`, reason: message, code });
    }
  }
  inputs["decoder"] = "library";
  inputs["decoderObjects"] = objects;
  return { failures, library: tried };
}

/** What of a program's words on its decoder cannot be meant. */
export function decoderAtOdds(decoder: unknown, library: unknown): CheckFailure[] {
  if (library === undefined && decoder === "library") {
    const reason = "expected the files of a decoder, got nothing beside decoder library";
    return [{ property: "decoderLibrary", reason, code: "SPEC_INVALID" }];
  }
  if (library === undefined || decoder === undefined || decoder === "library") return [];
  const reason = `expected decoder library, or none, beside decoderLibrary, got ${JSON.stringify(decoder)}`;
  return [{ property: "decoder", reason, code: "SPEC_INVALID" }];
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MOST_LIBRARY_BYTES) return bytes;
    throw new FleetError(
      "MODEL_INVALID",
      `expected a decoder of at most ${MOST_LIBRARY_BYTES} bytes, got ${bytes.length} at ${path}`,
    );
  } catch (cause) {
    if (isFleetError(cause)) throw cause;
    const got = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no file" : String(cause);
    throw new FleetError(
      "MODEL_INVALID",
      `expected a decoder's shared object, got ${got} at ${path}`,
    );
  }
}
