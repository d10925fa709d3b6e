import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import { type OnnxModel, parseModel } from "../../../fleet/plan/onnx/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { withoutWeights } from "./without-weights.ts";

export interface ModelFile {
  digest: string;
  sizeBytes: number;
  /** Of any operator set; without its weights, so that it may be kept where the file would be too large. */
  model: OnnxModel;
}

/** Reads a model's file, once for all who ask what is in it. Throws MODEL_INVALID, which names the file. */
export async function readModelFile(source: string): Promise<ModelFile> {
  const path = resolve(source);
  const bytes = await bytesOf(path);
  const model = withoutWeights(parse(bytes, path));
  return { digest: sha256Digest(bytes), sizeBytes: bytes.length, model };
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no file" : String(cause);
    throw new FleetError("MODEL_INVALID", `expected an ONNX file, got ${got} at ${path}`);
  }
}

function parse(bytes: Buffer, path: string): OnnxModel {
  let fault: string | null;
  try {
    const model = parseModel(bytes);
    fault = faultOf(model);
    if (fault === null) return model;
  } catch (error) {
    if (!isFleetError(error, "MODEL_INVALID")) throw error;
    fault = error.message;
  }
  throw new FleetError(
    "MODEL_INVALID",
    `Expected an ONNX model in ${path} but ${fault}; the file has ${bytes.length} bytes`,
  );
}

/** What the reader takes and no runtime does. */
function faultOf({ irVersion, opset, graph }: OnnxModel): string | null {
  if (irVersion === 0) return "it names no version of the format";
  if (opset < 1) return "it names no operator set";
  return graph.nodes.length === 0 ? "its graph is empty" : null;
}
