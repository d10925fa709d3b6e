import type { PipelineStats } from "../../fleet/contract/index.ts";
import { formatCount, formatMs } from "./format.ts";

/** What each secondary model has looked at, a line each; none where there are none. */
export function secondaryLines({ secondary = [] }: Pick<PipelineStats, "secondary">): string[] {
  return secondary.map(({ name, lookedTotal, droppedTotal, runsTotal, waitMs, workMs, batch }) =>
    [
      `secondary ${name}: ${formatCount(lookedTotal)} objects looked at in ${formatCount(runsTotal)} runs`,
      ...(droppedTotal > 0 ? [`${formatCount(droppedTotal)} put off for load`] : []),
      `wait p95 ${formatMs(waitMs?.p95)}, work p95 ${formatMs(workMs?.p95)}`,
      ...(batch.why === undefined ? [] : [`one in a run: ${batch.why}`]),
    ].join("; "),
  );
}
