import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type OnnxModel, readModel } from "../../../fleet/plan/onnx/index.ts";

const root = join(import.meta.dirname, "../../..");
const networks = join(root, "fleet/plan/calibration/networks");
const sharedModels = join(root, "../shared/data/models");

/** True where the models that are not part of the project lie beside it. */
export const HAS_SHARED_MODELS = existsSync(join(sharedModels, "yolox_nano.onnx"));
export const SHARED_SUFFIX = HAS_SHARED_MODELS ? "" : " (skipped: ../shared/data/models is absent)";

export const NETWORK_NAMES = readdirSync(networks).map((file) => file.replace(/\.onnx$/, ""));

export function network(name: string): OnnxModel {
  return readModel(readFileSync(join(networks, `${name}.onnx`)));
}

/** Our own detector, in the version that the demo updates to. */
export function street(): OnnxModel {
  return readModel(readFileSync(join(root, "models/street-v2-b1.onnx")));
}

export function sharedModel(name: string): OnnxModel {
  return readModel(readFileSync(join(sharedModels, name)));
}
