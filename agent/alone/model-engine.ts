import { statSync } from "node:fs";
import { join } from "node:path";
import type { BenchAccelerator, BenchReport } from "../../fleet/bench/index.ts";
import { buildOptionsOf, engineFacts, engineKey } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import type { NativeAddon } from "../../native/binding/api.ts";
import { readBuildMachine } from "../board/build-machine.ts";
import type { Libraries } from "./places.ts";

export interface EngineWish {
  model: { path: string; digest: string };
  accelerator: BenchAccelerator;
  /** Default: FP16; on the CPU as the model is. */
  precision: "fp32" | "fp16" | "int8" | undefined;
  /** An engine is written there. */
  folder: string;
  signal: AbortSignal;
  onProgress?: (share: number, step: string) => void;
}

/** The model as it is, or an engine of it where the backend runs nothing else. */
export async function engineFor(
  addon: NativeAddon,
  { backendPath, runtimePath }: Libraries,
  { model, accelerator, precision, folder, signal, onProgress = () => undefined }: EngineWish,
): Promise<{ path: string; engineKey?: string }> {
  if (accelerator === "cpu") {
    if (precision === undefined) return { path: model.path };
    throw new FleetError(
      "USAGE",
      `Expected no precision for the cpu but got ${precision}: ONNX Runtime runs a model in the precision that it has`,
    );
  }
  const { machines } = await readBuildMachine();
  const kind = accelerator === "gpu" ? "gpu" : "dla";
  const wanted = precision ?? "fp16";
  const request = {
    model: model.digest,
    accelerator: kind,
    precision: wanted,
    gpuFallback: kind === "dla",
  } as const;
  const [machine] = machines;
  const facts = machine && engineFacts(machine, request);
  const key = facts && { engineKey: engineKey(facts).text };
  const how = facts ? buildOptionsOf(facts) : { precision: wanted, gpuFallback: kind === "dla" };
  const enginePath = join(folder, "engine");
  const asked = { modelPath: model.path, enginePath, accelerator, signal };
  await addon.buildEngine({ backendPath, runtimePath, ...asked, ...how, ...key }, onProgress);
  return { path: enginePath, ...key };
}

/** Throws MODEL_INVALID for a file that cannot be read. */
export async function readModel(path: string): Promise<BenchReport["model"]> {
  try {
    return { path, digest: await digestOfFile(path), sizeBytes: statSync(path).size };
  } catch (cause) {
    throw new FleetError("MODEL_INVALID", `Cannot read ${path}`, { cause });
  }
}
