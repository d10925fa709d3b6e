import { type ErrorCode, FleetError, reworded } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
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
  /** What the judge knows comes through this; without a link it knows nothing of now. */
  link: Pick<FleetLink, "connected">;
  /** Calls `changed` whenever the judge may think otherwise. */
  observe(changed: () => void): Promise<() => Promise<void>>;
  /** The judge is asked this often although nothing changed, for conditions of time. */
  tickMs?: number;
  /** Called once, however it ends. */
  atEnd?(): void;
  /** Said after the last reason when time runs out, such as the end of a log. */
  details?(): Promise<string>;
}

/** A hub that is being started again is back by then; one that is not should not cost the whole deadline. */
const HUB_ABSENCE_MS = 20_000;

/** Returns when the judge says done; throws its error, or what was lacking when time ran out or the user cancelled. */
export async function waitUntil(wait: Wait): Promise<void> {
  const { operation } = wait;
  const judge = judgeWithLink(wait);
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
      const verdict = judge();
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
    wait.atEnd?.();
  }
}

function judgeWithLink(wait: Wait): () => Verdict {
  let awaySinceMs: number | null = null;
  return () => {
    if (wait.link.connected) awaySinceMs = null;
    else awaySinceMs ??= performance.now();
    if (awaySinceMs === null) return wait.judge();
    if (performance.now() - awaySinceMs <= HUB_ABSENCE_MS) {
      return { verdict: "waiting", reason: "the hub no longer answers, connecting again" };
    }
    const got = `the hub has not answered for ${HUB_ABSENCE_MS / 1000} s`;
    const hint = "Start the hub, then run `up` again to go on.";
    const error = new FleetError("HUB_UNREACHABLE", `Expected ${wait.goal} but ${got}`, { hint });
    return { verdict: "failed", error };
  };
}

async function withDetails(wait: Wait, error: FleetError): Promise<FleetError> {
  const details = (await wait.details?.().catch(() => "")) ?? "";
  return details === "" ? error : reworded(error, { message: `${error.message}\n${details}` });
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
