import { type ErrorCode, FleetError } from "../../../fleet/errors/index.ts";
import type { Operation } from "../rpc/operation.ts";

export type Verdict =
  /** `text` stays in the resource's row. */
  | { verdict: "done"; text: string }
  /** Waiting longer would not help. */
  | { verdict: "failed"; error: FleetError }
  /** `reason` is shown in the resource's row, and told when time runs out. */
  | { verdict: "waiting"; reason: string; hint?: string };

export interface Wait {
  operation: Operation;
  /** What is waited for: "the agent of door to be online". */
  goal: string;
  /** Code of the error when time runs out. */
  code: ErrorCode;
  judge(): Verdict;
  /** Calls `changed` whenever the judge may think otherwise. */
  observe(changed: () => void): Promise<() => Promise<void>>;
  /** The judge is asked this often although nothing changed, for conditions of time. */
  tickMs?: number;
  /** Said after the last reason when time runs out, such as the end of a log. */
  details?(): Promise<string>;
}

/** Returns when the judge says done; throws its error, or what was lacking when time ran out or the user cancelled. */
export async function waitUntil(wait: Wait): Promise<void> {
  const { operation } = wait;
  let wake = () => {};
  const stop = await wait.observe(() => wake());
  const timer = setInterval(() => wake(), wait.tickMs ?? 500);
  const onAbort = () => wake();
  operation.signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const verdict = wait.judge();
      if (verdict.verdict === "done") return operation.status(verdict.text);
      if (verdict.verdict === "failed") throw await withDetails(wait, verdict.error);
      if (operation.signal.aborted) throw await outOfTime(wait, verdict);
      operation.status(verdict.reason);
      await changed;
    }
  } finally {
    clearInterval(timer);
    operation.signal.removeEventListener("abort", onAbort);
    await stop().catch(() => {});
  }
}

async function withDetails(wait: Wait, error: FleetError): Promise<FleetError> {
  const details = (await wait.details?.().catch(() => "")) ?? "";
  return details === ""
    ? error
    : new FleetError(error.code, `${error.message}\n${details}`, { hint: error.hint });
}

async function outOfTime(
  wait: Wait,
  { reason, hint }: { reason: string; hint?: string },
): Promise<FleetError> {
  const cause: unknown = wait.operation.signal.reason;
  if (cause instanceof FleetError && cause.code === "CANCELLED") {
    return new FleetError("CANCELLED", `Cancelled while waiting for ${wait.goal}: ${reason}`);
  }
  const details = (await wait.details?.().catch(() => "")) ?? "";
  return new FleetError(
    wait.code,
    `Expected ${wait.goal} in time but got: ${reason}${details && `\n${details}`}`,
    { cause, ...(hint && { hint }) },
  );
}
