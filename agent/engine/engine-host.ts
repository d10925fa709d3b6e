import { arch, release } from "node:os";
import { coreKinds, type EngineKey, processorKey } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import { textOf } from "../board/ask.ts";
import type { NativePaths } from "../config.ts";

/** The part of an engine's key that is this machine's, not the model's. */
export interface EngineHost {
  library: string;
  backend: string;
  machine: string;
  cores: string[];
  threads: number;
}

/** Throws NATIVE_LOAD when the libraries that would build cannot be read. */
export async function readEngineHost(native: NativePaths, threads: number): Promise<EngineHost> {
  const { runtimePath, backendPath } = native;
  const [library, backend] = await Promise.all([digestOf(runtimePath), digestOf(backendPath)]);
  const cores = coreKinds((await textOf("/proc/cpuinfo")) ?? "");
  // Nobody knows what the processor is: then at least the kernel that ran on it.
  return {
    library,
    backend,
    machine: arch(),
    threads,
    cores: cores.length > 0 ? cores : [release()],
  };
}

export function keyOn(
  { library, backend, machine, cores, threads }: EngineHost,
  model: string,
): EngineKey {
  return processorKey({ model, library, backend, machine, cores, threads });
}

async function digestOf(path: string): Promise<string> {
  try {
    return await digestOfFile(path);
  } catch (cause) {
    throw new FleetError("NATIVE_LOAD", `Cannot read ${path}, which builds engines`, { cause });
  }
}
