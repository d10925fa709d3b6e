import { FleetError } from "../../fleet/errors/index.ts";
import { FromRunner, type ToRunner } from "./ipc/orders.ts";
import type { LaunchRunner } from "./runner-child.ts";
import { errorOfEnd } from "./runner-process.ts";

export interface RunnerQuestion<Answer> {
  launch: LaunchRunner;
  order: ToRunner;
  /** The answer in a message; undefined in one that is none. */
  read: (message: FromRunner) => Answer | undefined;
  /** Names the process in errors. */
  who: string;
  memoryLimitBytes: number;
  deadlineMs: number;
  signal: AbortSignal;
}

/**
 * One question to a process of its own, which ends with the answer: a model or engine that crashes the runtime takes
 * nothing with it. Throws what `test-failed` says, RUNNER_CRASHED, RUNNER_MEMORY when it wanted too much of it, CANCELLED.
 */
export function askRunner<Answer>(question: RunnerQuestion<Answer>): Promise<Answer> {
  const { signal, order, read, who } = question;
  return new Promise<Answer>((resolve, reject) => {
    const child = question.launch(
      { memoryBytes: question.memoryLimitBytes },
      {
        onAnswer: (raw) => {
          const message = FromRunner.safeParse(raw).data;
          if (message === undefined) return;
          const answer = read(message);
          if (answer !== undefined) resolve(answer);
          if (message.type === "test-failed") {
            reject(new FleetError(message.error.code, message.error.message));
          }
          if (answer !== undefined || message.type === "test-failed") child.kill();
        },
        onResults: () => true,
        onLine: () => undefined,
        onEnd: (end) => {
          clearTimeout(deadline);
          signal.removeEventListener("abort", kill);
          if (signal.aborted) return reject(new FleetError("CANCELLED", "Superseded or stopped"));
          reject(errorOfEnd(end, who));
        },
      },
    );
    const kill = () => child.kill();
    const deadline = setTimeout(kill, question.deadlineMs);
    signal.addEventListener("abort", kill);
    if (signal.aborted) kill();
    else child.send(order);
  });
}
