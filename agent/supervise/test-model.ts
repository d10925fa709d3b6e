import type { NativeLoadTimes } from "../../native/binding/api.ts";
import { askRunner } from "./ask-runner.ts";
import type { ModelOptions } from "./ipc/pipeline.ts";
import type { LaunchRunner } from "./runner-child.ts";

export interface ModelTest {
  launch: LaunchRunner;
  addonPath: string;
  model: ModelOptions;
  memoryLimitBytes: number;
  signal: AbortSignal;
}

const DEADLINE_MS = 120_000;

/**
 * Loads a model, checks it against decoder and labels and runs it on real pictures, in a process of its own. Throws
 * MODEL_INVALID, RUNNER_CRASHED when it crashed, and RUNNER_MEMORY.
 */
export function testModel(test: ModelTest): Promise<NativeLoadTimes> {
  const { addonPath, model, ...rest } = test;
  return askRunner({
    ...rest,
    order: { type: "test", addonPath, model },
    read: (message) => (message.type === "tested" ? message.times : undefined),
    who: "The process that tested the model",
    deadlineMs: DEADLINE_MS,
  });
}
