import type { PipelineStats, StageStats } from "../../fleet/contract/index.ts";
import type { BudgetSecond } from "./budget-window.ts";

/** What statistics count from the start on. */
export interface Totals {
  frames: number;
  dropped: number;
  /** By the decoder, which was late. */
  decoderLate: number;
}

/** In front of the model. Behind it nothing waits that a smaller pace would spare. */
const BEFORE_RESULTS = ["preprocess", "detect"];
/** A wait below this share of the latency is not what a budget is exceeded by. */
const WAIT_SHARE = 0.1;

export function totalsOf({ framesTotal, droppedTotal, drops = [] }: PipelineStats): Totals {
  const late = drops.filter(({ reason }) => reason === "decoder-late");
  return {
    frames: framesTotal,
    dropped: droppedTotal,
    decoderLate: late.reduce((sum, { total }) => sum + total, 0),
  };
}

/** `hasFiles`: how much a file could send is not seen, for it waits. */
export function secondOf(stats: PipelineStats, former: Totals, hasFiles: boolean): BudgetSecond {
  const now = totalsOf(stats);
  const queues = stats.stages.filter(({ name }) => name !== "decode");
  const lost =
    queues.reduce((sum, { drops }) => sum + drops, 0) +
    Math.max(0, now.decoderLate - former.decoderLate);
  const p95Ms = stats.latencyMs?.p95 ?? null;
  const sources = stats.sources ?? [stats.source];
  return {
    fps: stats.fps,
    allPlay: sources.every(({ state }) => state === "playing" || state === "ended"),
    sentFps: hasFiles ? null : stats.fps + Math.max(0, now.dropped - former.dropped),
    // Below zero it is none: a camera's clock that is not this machine's.
    p95Ms: p95Ms !== null && p95Ms < 0 ? null : p95Ms,
    lost,
    waits: lost > 0 || waitsForModel(stats.stages, p95Ms ?? 0),
  };
}

/** Longer than the model works on a frame: there is a queue, not only its turn. */
function waitsForModel(stages: readonly StageStats[], p95Ms: number): boolean {
  const own = stages.filter(({ name }) => BEFORE_RESULTS.includes(name));
  const wait = own.reduce((sum, { waitMs }) => sum + (waitMs?.p95 ?? 0), 0);
  const work = own.reduce((sum, { workMs }) => sum + (workMs?.p95 ?? 0), 0);
  return wait > work && wait > WAIT_SHARE * p95Ms;
}
