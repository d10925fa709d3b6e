import type { BudgetHeldReason, BudgetLimit, Pace } from "../../fleet/contract/index.ts";
import type { BudgetSpec } from "../../fleet/spec/index.ts";
import {
  type BudgetSecond,
  exceededIn,
  type Held,
  isMost,
  meanOf,
  medianOf,
} from "./budget-window.ts";

/**
 *   now                                                            next
 *   ACT_SECONDS break a limit, and the next step helps              one step further, windows begin anew
 *   ACT_SECONDS break minFps while fewer frames are admitted        one step back: that is what breaks it
 *   ACT_SECONDS break a limit, and no step helps                    stays, and says why
 *   `undoAfter` seconds keep every limit with HEAD_ROOM             one step back, windows begin anew
 *   UNDO_SECONDS do so after a step back                            another one back
 *   there is no budget any more                                     back to the specification at once
 *   a second that tells nothing                                     windows begin anew
 *
 * Steps back that did not hold (a step further came within `undoAfter`) double `undoAfter`, up to MOST_UNDO_SECONDS; those
 * that held bring it back to UNDO_SECONDS.
 */

/**
 * One hiccup (a model that is loaded, a key picture) spoils a second or two of five, which the median does not see; and
 * what came before a step has left the pipeline long before.
 */
export const ACT_SECONDS = 5;
/** Three times as long: to look at more again may break the budget, to look at less costs only a little foresight. */
export const UNDO_SECONDS = 15;
/** Who waits eight minutes between two tries is below the budget for about a hundredth of the time. */
export const MOST_UNDO_SECONDS = 480;
/** A step back gives the model up to half as much work more. */
export const HEAD_ROOM = 0.8;
/** A queue of one frame loses one to jitter now and then. */
const LOST_SHARE = 0.02;

export interface BudgetState {
  /** In the steps, from 0: as specified. */
  step: number;
  /** Since the last step, at most `undoAfter`. */
  seconds: readonly BudgetSecond[];
  undoAfter: number;
  /** The last step was one back. */
  undone: boolean;
  sinceStep: number;
}

export const INITIAL_BUDGET: BudgetState = {
  ...{ step: 0, seconds: [], undoAfter: UNDO_SECONDS },
  ...{ undone: false, sinceStep: 0 },
};

export interface BudgetRules {
  steps: readonly Pace[];
  budget: BudgetSpec;
}

export interface BudgetStep {
  from: number;
  to: number;
  because: (Held & { overSeconds: number }) | null;
  undone: boolean;
}

export interface BudgetOutcome {
  state: BudgetState;
  step?: BudgetStep;
  /** Exceeded, and why nothing more is done. */
  held?: Held & { why: BudgetHeldReason };
}

export function nextBudget(
  { seconds: former, ...state }: BudgetState,
  second: BudgetSecond | null,
  rules: BudgetRules,
): BudgetOutcome {
  const sinceStep = state.sinceStep + 1;
  const seconds = withSecond(former, second, rules.budget).slice(-state.undoAfter);
  const here = { ...state, seconds, sinceStep };
  if (!limits(rules.budget)) return withoutBudget(here);
  const window = seconds.slice(-ACT_SECONDS);
  const exceeded = window.length < ACT_SECONDS ? [] : exceededIn(window, rules.budget);
  if (exceeded.length > 0) return actOn(exceeded, here, rules);
  const because = headRoom(here, rules);
  return because === null ? { state: here } : step(here, here.step - 1, because);
}

const limits = ({ minFps, latencyP95Ms }: BudgetSpec) =>
  minFps !== undefined || latencyP95Ms !== undefined;

/** A second without a frame says nothing of the latency: it is left out, or begins the windows anew where a source is gone. */
function withSecond(
  seconds: readonly BudgetSecond[],
  second: BudgetSecond | null,
  { minFps }: BudgetSpec,
): readonly BudgetSecond[] {
  if (second === null) return [];
  if (second.p95Ms !== null || minFps !== undefined) return [...seconds, second];
  return second.allPlay ? seconds : [];
}

function withoutBudget(state: BudgetState): BudgetOutcome {
  return state.step === 0 ? { state } : step(state, 0, null);
}

function step(state: BudgetState, to: number, because: BudgetStep["because"]): BudgetOutcome {
  const undone = to < state.step;
  return {
    state: { step: to, seconds: [], undone, sinceStep: 0, undoAfter: patience(state, undone) },
    step: { from: state.step, to, because, undone },
  };
}

/** A step further tells what became of one back. */
function patience({ undone: wasUndone, sinceStep, undoAfter }: BudgetState, undone: boolean) {
  if (!wasUndone || undone) return undoAfter;
  return sinceStep > undoAfter ? UNDO_SECONDS : Math.min(2 * undoAfter, MOST_UNDO_SECONDS);
}

function actOn(exceeded: Held[], state: BudgetState, rules: BudgetRules): BudgetOutcome {
  const window = state.seconds.slice(-ACT_SECONDS);
  let first: BudgetOutcome["held"];
  for (const one of exceeded) {
    const next = HELPS[one.limit](window, state.step, rules);
    if (typeof next === "number") return step(state, next, { ...one, overSeconds: ACT_SECONDS });
    first ??= { ...one, why: next };
  }
  return { state, ...(first && { held: first }) };
}

type Helps = (
  window: readonly BudgetSecond[],
  step: number,
  rules: BudgetRules,
) => number | BudgetHeldReason;

/** The step that helps against a limit, or why none does. */
const HELPS: Record<BudgetLimit, Helps> = {
  latencyP95Ms: (window, at, { steps, budget }) => {
    const [here, next] = [steps[at], steps[at + 1]];
    if (!isMost(window, ({ waits }) => waits)) return "no-wait";
    if (!here || !next) return "no-step";
    const left = here.admitEvery / next.admitEvery;
    if (left === 1 || budget.minFps === undefined) return at + 1;
    // With room, for the rate is that of a few seconds.
    const fps = meanOf(window.map((second) => second.fps));
    return (fps ?? 0) * left * HEAD_ROOM >= budget.minFps ? at + 1 : "min-fps";
  },
  // To admit fewer frames cannot bring more of them out.
  minFps: (window, at, { steps, budget: { minFps = 0 } }) => {
    const next = steps[at + 1];
    if ((steps[at]?.admitEvery ?? 1) > 1) return at - 1;
    if (window.some(({ allPlay }) => !allPlay)) return "source-lost";
    const sent = meanOf(window.map(({ sentFps }) => sentFps));
    if (sent !== null && sent + 1 / window.length < minFps) return "source-slow";
    if (!isMost(window, ({ waits }) => waits)) return "no-wait";
    return !next || next.admitEvery > 1 ? "no-step" : at + 1;
  },
};

/** What a step back stands on; null: nothing. */
function headRoom(
  { step: at, seconds: all, undoAfter, undone }: BudgetState,
  { budget: { minFps, latencyP95Ms } }: BudgetRules,
): BudgetStep["because"] {
  const overSeconds = undone ? UNDO_SECONDS : undoAfter;
  if (at === 0 || all.length < overSeconds) return null;
  const seconds = all.slice(-overSeconds);
  const p95 = medianOf(seconds.map(({ p95Ms }) => p95Ms));
  const fps = meanOf(seconds.map((second) => second.fps));
  const lost = seconds.reduce((sum, second) => sum + second.lost, 0);
  if (fps === null || lost > LOST_SHARE * (lost + fps * overSeconds)) return null;
  if (minFps !== undefined) {
    if (fps + 1 / overSeconds < minFps) return null;
    if (latencyP95Ms === undefined) {
      // A rate has no room above what the sources send: that nothing waits is the room.
      const waits = isMost(seconds, (second) => second.waits);
      return waits ? null : { limit: "minFps", measured: fps, wanted: minFps, overSeconds };
    }
  }
  if (latencyP95Ms === undefined || p95 === null || p95 > HEAD_ROOM * latencyP95Ms) return null;
  return { limit: "latencyP95Ms", measured: p95, wanted: latencyP95Ms, overSeconds };
}
