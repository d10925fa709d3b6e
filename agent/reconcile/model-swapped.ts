import type { ModelSwappedData } from "../../fleet/contract/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { ModelSwap } from "../supervise/ipc/pipeline.ts";
import type { ModelExchange } from "../supervise/supervisor.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";

/** What the journal says of an exchange of models inside a pipeline. */
export function modelSwapped(from: PipelineVersion, to: PipelineVersion, swap: ModelExchange) {
  const data: ModelSwappedData = {
    pipeline: to.spec.name,
    fromDigest: from.model.digest,
    toDigest: to.model.digest,
    way: swap.way,
    ...framesOf(swap),
    gapMs: swap.gapMs,
    loadMs: swap.loadMs,
    warmMs: swap.warmMs,
  };
  return {
    kind: "model-swapped",
    pipeline: to.spec.name,
    message: `${to.spec.name} goes on with model ${to.model.name} ${where(data)}`,
    data,
  } satisfies NewEvent;
}

/** Numbers of the camera, unless it does not count or began anew just then. */
function framesOf(swap: ModelSwap) {
  const { firstSourceFrame, lastSourceFrame, firstIndex, lastIndex } = swap;
  const lost = lostBetween(lastSourceFrame, firstSourceFrame);
  if (lost !== null && lost >= 0) {
    return {
      countedBy: "source" as const,
      firstFrame: firstSourceFrame,
      lastFrame: lastSourceFrame,
      framesLost: lost,
    };
  }
  return {
    countedBy: "index" as const,
    firstFrame: firstIndex,
    lastFrame: lastIndex,
    framesLost: lostBetween(lastIndex, firstIndex),
  };
}

function lostBetween(last: number | null, first: number | null): number | null {
  return last === null || first === null ? null : first - last - 1;
}

function where({ firstFrame, framesLost, gapMs, way }: ModelSwappedData): string {
  const why =
    way === "in-turn" ? "; there is no room for two, so the former one was let go of first" : "";
  if (firstFrame === null || gapMs === null) return `from its next frame on${why}`;
  return `from frame ${firstFrame} on, ${framesLost} frames lost, ${Math.round(gapMs)} ms after the last one${why}`;
}
