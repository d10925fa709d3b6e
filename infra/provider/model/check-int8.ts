import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readCalibrationTable } from "../../../fleet/engine/index.ts";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import type { OnnxModel } from "../../../fleet/plan/onnx/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { CheckFailure } from "../check.ts";
import type { Properties, Value } from "../rpc/values.ts";

/** Adds digest and size of the calibration table, so that another table is another input; it must be of this model. */
export async function addTable(
  inputs: Properties,
  path: Value | undefined,
  model: string,
): Promise<CheckFailure[]> {
  if (typeof path !== "string") return [];
  try {
    const bytes = await bytesOf(resolve(path));
    readCalibrationTable(bytes, model);
    inputs["table"] = { digest: sha256Digest(bytes), sizeBytes: bytes.length };
    return [];
  } catch (error) {
    if (!isFleetError(error, "MODEL_INVALID")) throw error;
    return [{ property: "calibration", reason: error.message, code: error.code }];
  }
}

/** A name that the model does not have would be passed over where the engine is built, far from here. */
export function checkFloat32Nodes(
  names: Value | undefined,
  { graph }: Pick<OnnxModel, "graph">,
): CheckFailure[] {
  if (!Array.isArray(names)) return [];
  const known = new Set(graph.nodes.map(({ name }) => name));
  const strange = names.flatMap((name) =>
    typeof name === "string" && !known.has(name) ? [name] : [],
  );
  if (strange.length === 0) return [];
  const reason = `expected names of the model's nodes but got ${strange.slice(0, 5).join(", ")}`;
  return [{ property: "float32Nodes", reason, code: "MODEL_INVALID" }];
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no file" : String(cause);
    throw new FleetError("MODEL_INVALID", `expected a calibration table, got ${got} at ${path}`);
  }
}
