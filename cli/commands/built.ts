import { readFile } from "node:fs/promises";
import { readSealedEngine } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { type BuiltLayer, builtLayersOf } from "../../fleet/plan/index.ts";

/** Of an engine's description: of thousands of layers with all their tactics, some tens of megabytes. */
const MOST_BYTES = 2 ** 30;

/**
 * What a builder made of a model: an engine of ours, or JSON of an engine inspector, a build's report or `bench --json
 * --layers`. Throws MODEL_INVALID for any other file.
 */
export async function readBuilt(path: string): Promise<BuiltLayer[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FleetError("MODEL_INVALID", `Cannot read ${path}`, { cause });
  });
  if (bytes.length > MOST_BYTES) throw refused(path, `${bytes.length} bytes`);
  const isEngine = bytes.subarray(0, 8).toString("latin1") === "JFENGINE";
  const layers = builtLayersOf(isEngine ? readSealedEngine(bytes).notes : bytes.toString("utf8"));
  if (layers.length > 0) return layers;
  throw refused(
    path,
    isEngine ? "one that was built without looking at its layers" : "no such text",
  );
}

function refused(path: string, got: string): FleetError {
  return new FleetError(
    "MODEL_INVALID",
    `Expected in ${path} an engine with its layers, or the JSON of an engine inspector, but got ${got}`,
    { hint: "Take what `jetfleet bench MODEL --accelerator gpu --layers --json` prints." },
  );
}
