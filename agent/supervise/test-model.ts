import { FleetError } from "../../fleet/errors/index.ts";
import type { NativeLoadTimes } from "../../native/binding/api.ts";
import { FromRunner, type ModelOptions } from "./ipc.ts";
import type { LaunchRunner } from "./runner-child.ts";
import { errorOfEnd } from "./runner-process.ts";

export interface ModelTest {
  launch: LaunchRunner;
  addonPath: string;
  model: ModelOptions;
  memoryLimitBytes: number;
  signal: AbortSignal;
}

const DEADLINE_MS = 120_000;

/**
 * Loads a model, checks it against decoder and labels and runs it on a grey picture, in a process of its own: a
 * model that crashes the runtime takes nothing with it. Throws MODEL_INVALID, RUNNER_CRASHED when it did, and
 * RUNNER_MEMORY when it wanted too much of it.
 */
export function testModel(test: ModelTest): Promise<NativeLoadTimes> {
  const { signal, addonPath, model } = test;
  return new Promise<NativeLoadTimes>((resolve, reject) => {
    const child = test.launch(
      { memoryBytes: test.memoryLimitBytes },
      {
        onAnswer: (raw) => {
          const message = FromRunner.safeParse(raw).data;
          if (message?.type === "tested") resolve(message.times);
          if (message?.type === "test-failed") {
            reject(new FleetError(message.error.code, message.error.message));
          }
          if (message?.type === "tested" || message?.type === "test-failed") child.kill();
        },
        onResults: () => true,
        onLine: () => undefined,
        onEnd: (end) => {
          clearTimeout(deadline);
          signal.removeEventListener("abort", kill);
          if (signal.aborted) return reject(new FleetError("CANCELLED", "Superseded or stopped"));
          reject(errorOfEnd(end, "The process that tested the model"));
        },
      },
    );
    const kill = () => child.kill();
    const deadline = setTimeout(kill, DEADLINE_MS);
    signal.addEventListener("abort", kill);
    if (signal.aborted) kill();
    else child.send({ type: "test", addonPath, model });
  });
}
