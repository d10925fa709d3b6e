import { join } from "node:path";
import { writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import type { Log } from "./log.ts";

/**
 * To be called when the hub has acknowledged a report: leaves a mark, once per start of the agent. Until it is there, the
 * board may put back the agent that was before (`fleet/provision/runtime/probation.ts`).
 */
export function markHealthy(stateDir: string, log: Log): () => void {
  let isMarked = false;
  return () => {
    if (isMarked) return;
    isMarked = true;
    writeFileDurably(join(stateDir, "healthy"), "", 0o600).catch((error: unknown) => {
      isMarked = false;
      log.error("that the hub was reached could not be noted", error);
    });
  };
}
