import { basename } from "node:path";
import type { RunsOn } from "../../fleet/contract/index.ts";

/** Backends by the name in their shared object's, and where they run models (native/backends). */
const ACCELERATORS: Record<string, string> = { onnxruntime: "cpu" };

/** Where a backend runs models; undefined of one that is not ours, for nobody here knows it. */
export function runsOn(backendPath: string): RunsOn | undefined {
  const backend = /^libjetfleet-backend-(.+)\.so$/.exec(basename(backendPath))?.[1] ?? "";
  const accelerator = ACCELERATORS[backend];
  return accelerator === undefined ? undefined : { backend, accelerator };
}
