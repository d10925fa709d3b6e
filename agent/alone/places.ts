import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BenchAccelerator } from "../../fleet/bench/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { NativeAddon } from "../../native/binding/api.ts";
import { readTensorrt } from "../board/build-machine.ts";
import { backendObjects } from "../supervise/backend-objects.ts";
import { chooseBackend } from "../supervise/choose-backend.ts";
import { loadAddon } from "../supervise/load-addon.ts";

export interface Places {
  /** Folders of addon and backends, the best first. */
  folders: readonly string[];
  /** ONNX Runtime's library; by default it lies beside its backend. */
  onnxRuntime: string | undefined;
}

/** A backend and the vendor's library that it opens; empty: it finds that by itself. */
export interface Libraries {
  /** Of the backend, in a few words: "onnxruntime", "tensorrt 8.5". */
  name: string;
  backendPath: string;
  runtimePath: string;
}

/** Where the native runtime lies: beside the bundle on a device, in native/build of a clone. */
export function placesOf(bundlePath: string, env: NodeJS.ProcessEnv): Places {
  const beside = dirname(bundlePath);
  return {
    folders: [beside, join(beside, "../native/build"), join(beside, "../../native/build")],
    onnxRuntime: env["JETFLEET_ONNXRUNTIME"],
  };
}

/** The backend for an accelerator. Throws NATIVE_LOAD, which says what was found and why it will not do. */
export async function librariesFor(
  accelerator: BenchAccelerator,
  places: Places,
): Promise<Libraries> {
  const { folders } = places;
  const backend = chooseBackend({
    accelerator,
    objects: backendObjects(folders),
    folders,
    tensorrt: accelerator === "cpu" ? null : await readTensorrt(),
  });
  const { backendPath, name } = backend;
  const beside = join(dirname(backendPath), "libonnxruntime.so");
  return {
    backendPath,
    name,
    runtimePath: name === "onnxruntime" ? (places.onnxRuntime ?? beside) : "",
  };
}

/** The native runtime itself. Throws NATIVE_LOAD. */
export function addonIn({ folders }: Places): NativeAddon {
  const found = folders.map((folder) => join(folder, "jetfleet.node")).find(existsSync);
  if (found !== undefined) return loadAddon(found);
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected jetfleet.node in ${folders.join(", ")} but found none`,
    { hint: "Run `make -C native`." },
  );
}
