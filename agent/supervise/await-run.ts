import type { ReportedPipeline } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { PipelineRun } from "./pipeline-run.ts";

const POLL_MS = 250;

/** What to do with a run that is waited for: go on waiting, be content, or give up. */
export type Judgement = "wait" | "good" | FleetError;

/** Judges a run after each of its changes, and now and then, until the judgement is not to wait. */
export function awaitRun(
  run: PipelineRun,
  judge: () => Judgement,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      unwatch();
      clearInterval(poll);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const check = () => {
      const judgement = judge();
      if (judgement === "good") settle(resolve);
      else if (judgement !== "wait") settle(() => reject(judgement));
    };
    const onAbort = () =>
      settle(() => reject(new FleetError("CANCELLED", "Superseded or stopped")));
    const unwatch = run.watch(check);
    const poll = setInterval(check, POLL_MS);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else check();
  });
}

export function errorOf({ code, message }: NonNullable<ReportedPipeline["error"]>): FleetError {
  return new FleetError(code as FleetError["code"], message);
}
