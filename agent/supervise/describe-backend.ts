import { librariesBytes } from "../../fleet/engine/index.ts";
import { askRunner } from "./ask-runner.ts";
import type { BackendInfo } from "./ipc/backend.ts";
import { memoryLimit } from "./memory-watch.ts";
import type { LaunchRunner } from "./runner-child.ts";

/** A library of the vendor's takes seconds to load from a slow disk. */
const DEADLINE_MS = 60_000;

/**
 * What a backend says of its library and its GPU, asked in a process of its own: a runner may open the GPU, which the
 * agent on a board may not. Throws NATIVE_LOAD without the library, RUNNER_CRASHED, RUNNER_MEMORY.
 */
export function describeBackend(asked: {
  launch: LaunchRunner;
  addonPath: string;
  backendPath: string;
  runtimePath: string;
}): Promise<BackendInfo> {
  const { launch, ...paths } = asked;
  return askRunner({
    ...{ launch, deadlineMs: DEADLINE_MS, signal: new AbortController().signal },
    memoryLimitBytes: memoryLimit(0) + librariesBytes("silicon"),
    order: { type: "describe", ...paths },
    read: (message) => (message.type === "backend" ? message.backend : undefined),
    who: "The process that asked for the GPU",
  });
}
