import type {
  PipelineStats,
  PipelineUpdate,
  ReportedError,
  ReportedPipeline,
} from "../../../fleet/contract/index.ts";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
import type { BudgetSpec, PlanSummary } from "../../../fleet/spec/index.ts";
import { breaksFps, buildWords } from "../../../fleet/view/index.ts";
import { GIVEN_UP } from "../release/known-parts.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Verdict, waitUntil } from "./wait-until.ts";
import { type DeviceView, warnOfCopy, watchDevice } from "./watch-device.ts";

/** What must be true before `up` returns. */
export interface PipelineGoal {
  device: string;
  pipeline: string;
  /** Digest of the part that was released; the update of this one is awaited, whatever neighbours do. */
  part: string;
  specDigest: string;
  /** `atMs` of the device's error before the document was published; an error of that time is not about it. */
  errorBeforeAtMs: number | null;
  /** As it was shown before, to hold what is built against it. */
  plan?: PlanSummary | undefined;
  budget?: BudgetSpec | undefined;
}

export interface PipelineView extends DeviceView {
  /** Statistics that came while the goal's version was reported as running. */
  frames: FrameCount | null;
}

interface FrameCount {
  first: number;
  firstAtMs: number;
  last: number;
  lastAtMs: number;
  fps: number;
  sourceState: PipelineStats["source"]["state"];
}

/** Frames that must come out, over at least this long: one lucky frame is not a running pipeline. */
const FRAMES = 10;
const OVER_MS = 2_000;
/** What is slow from its start is given this long to become as fast as its budget says; it runs all the same. */
const BUDGET_PATIENCE_MS = 5_000;

export function judgeRunning(goal: PipelineGoal, view: PipelineView): Verdict {
  const { presence, reported, frames } = view;
  const device = goal.device;
  if (presence === null) return waiting(`${device} was never online`);
  if (!presence.online) return waiting(`${device} is offline`);
  if (reported === null) return waiting(`no report from ${device} yet`);
  const error = newError(reported.error, goal);
  if (error && isFinal(error)) return failed(device, error);
  const update = reported.updates?.find(({ pipeline: name }) => name === goal.pipeline);
  if (update?.part?.digest !== goal.part) {
    return waiting(
      error ? `${device} says ${error.message}` : `${device} has not yet accepted the change`,
    );
  }
  if (GIVEN_UP.has(update.state) && update.error) return failed(device, update.error);
  const pipeline = reported.pipelines.find(({ name }) => name === goal.pipeline);
  if (update.state !== "committed" || pipeline?.specDigest !== goal.specDigest) {
    const why = update.error ?? pipeline?.error;
    return waiting(updateText(update, goal) + (why ? `: ${why.message}` : ""), why?.hint);
  }
  if (pipeline.state === "failed") {
    if (pipeline.error && isFinal(pipeline.error)) return failed(device, pipeline.error);
    const reason = pipeline.error?.message ?? "no reason given";
    return waiting(`failed, being started again: ${reason}`, pipeline.error?.hint);
  }
  if (pipeline.state !== "running") {
    return waiting(
      `${pipeline.state}${pipeline.error ? `: ${pipeline.error.message}` : ""}`,
      pipeline.error?.hint,
    );
  }
  return judgeSources(device, pipeline) ?? judgeFrames(frames, goal);
}

/** Of several sources, the first that is not well; null when each plays or has ended. */
function judgeSources(device: string, { sources = [] }: ReportedPipeline): Verdict | null {
  const unwell = sources.filter(({ state }) => state !== "playing" && state !== "ended");
  const [first] = unwell;
  if (first === undefined) return null;
  const { name, state, error } = first;
  const why = error ? `: ${error.message}` : "";
  if (error && isFinal(error)) {
    return failed(device, { ...error, message: `source ${name}: ${error.message}` });
  }
  const others = sources.length - unwell.length;
  const words = state === "unknown" ? "has said nothing yet" : `is ${state}`;
  return waiting(
    `running with ${others} of ${sources.length} sources; source ${name} ${words}${why}`,
    error?.hint,
  );
}

function judgeFrames(frames: FrameCount | null, goal: PipelineGoal): Verdict {
  if (frames === null) return waiting("running, waiting for the first figures");
  const count = frames.last - frames.first;
  // A file that is over proves itself by what came out of it.
  if (frames.sourceState === "ended" && frames.last > 0) return done(frames);
  const overMs = frames.lastAtMs - frames.firstAtMs;
  if (count >= FRAMES && overMs >= OVER_MS) {
    const slow = belowBudget(frames, goal);
    if (slow === null) return done(frames);
    return overMs < BUDGET_PATIENCE_MS ? waiting(slow) : { verdict: "done", text: slow };
  }
  if (frames.last === 0) return waiting(`running, no frame yet (source ${frames.sourceState})`);
  return waiting(`running, ${count} frames so far`);
}

/** Of what has come since the first figures; null when that is enough, or nothing is asked for. */
export function belowBudget(
  frames: FrameCount | null,
  { budget }: Pick<PipelineGoal, "budget">,
): string | null {
  if (frames === null || frames.sourceState === "ended" || budget?.minFps === undefined)
    return null;
  const overMs = frames.lastAtMs - frames.firstAtMs;
  const fps = (1000 * (frames.last - frames.first)) / Math.max(1, overMs);
  if (!breaksFps(budget)({ fps, overMs })) return null;
  return `running, ${fps.toFixed(1)} frames per second, below its budget of ${budget.minFps}`;
}

function done({ fps }: FrameCount): Verdict {
  return { verdict: "done", text: `running, ${fps.toFixed(1)} frames per second` };
}

function updateText(
  { state, fetchedBytes, totalBytes, build }: PipelineUpdate,
  { plan = null }: { plan?: PlanSummary | null | undefined },
): string {
  if (state === "building" && build) return buildWords(build, plan);
  if (state !== "fetching" || !totalBytes) return `update: ${state}`;
  return `fetching ${Math.floor((100 * (fetchedBytes ?? 0)) / totalBytes)} %`;
}

function newError(error: ReportedError | null, goal: PipelineGoal): ReportedError | null {
  return error && error.atMs !== goal.errorBeforeAtMs ? error : null;
}

/** True for errors that the device cannot get over by trying again. Unknown codes get the benefit of the doubt. */
function isFinal(error: ReportedError): boolean {
  return error.code in ERROR_CODES && !ERROR_CODES[error.code as ErrorCode].retryable;
}

function failed(device: string, error: ReportedError): Verdict {
  const code = error.code in ERROR_CODES ? (error.code as ErrorCode) : "PIPELINE_NOT_RUNNING";
  return {
    verdict: "failed",
    error: new FleetError(code, `${device} says: ${error.message}`, { hint: error.hint }),
  };
}

function waiting(reason: string, hint?: string): Verdict {
  return { verdict: "waiting", reason, ...(hint && { hint }) };
}

/** Counts frames of the goal's version only; begins again when the counter does, as after a restart. */
export function countFrames(
  goal: PipelineGoal,
  view: PipelineView,
  stats: PipelineStats,
  nowMs: number,
): void {
  const running = view.reported?.pipelines.some(
    ({ name, state, specDigest }) =>
      name === goal.pipeline && state === "running" && specDigest === goal.specDigest,
  );
  if (!running) return;
  const { framesTotal: last, fps } = stats;
  const sourceState = stats.source.state;
  const before = view.frames;
  view.frames =
    before && last >= before.last
      ? { ...before, last, lastAtMs: nowMs, fps, sourceState }
      : { first: last, firstAtMs: nowMs, last, lastAtMs: nowMs, fps, sourceState };
}

export async function waitRunning(
  operation: Operation,
  link: FleetLink,
  goal: PipelineGoal,
): Promise<void> {
  const view: PipelineView = { presence: null, reported: null, frames: null };
  const { device } = goal;
  await waitUntil({
    operation,
    link,
    goal: `pipeline ${goal.pipeline} to deliver frames on ${device}`,
    code: "PIPELINE_NOT_RUNNING",
    judge: () => judgeRunning(goal, view),
    observe: async (changed) => {
      const stops = [
        await watchDevice(link, device, view, changed),
        await link.subscribe(device, "stats", (stats, { heardMs }) => {
          const own = stats.pipelines.find(({ name }) => name === goal.pipeline);
          if (own) countFrames(goal, view, own, heardMs);
          changed();
        }),
      ];
      return async () => {
        for (const stop of stops) await stop();
      };
    },
    atEnd: () => warnOfCopy(operation, device, view),
  });
  const slow = belowBudget(view.frames, goal);
  if (slow !== null) {
    const told = "`jetfleet status` shows which stage takes how long";
    operation.log("warning", `${goal.pipeline} on ${device}: ${slow}; ${told}`);
  }
}
