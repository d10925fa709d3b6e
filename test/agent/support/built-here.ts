import { join, resolve } from "node:path";
import { onnxRuntime } from "../../../fleet/provision/runtime/sources.ts";

export const ROOT = resolve(import.meta.dirname, "../../..");
/** Addon and backend of this machine, as an agent's configuration names them. */
export const NATIVE = {
  addonPath: join(ROOT, "native/build/jetfleet.node"),
  backendPath: join(ROOT, "native/build/libjetfleet-backend-onnxruntime.so"),
  runtimePath: onnxRuntime(process.arch),
};
