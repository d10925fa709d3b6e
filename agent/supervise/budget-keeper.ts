import {
  BUDGET_ACTION,
  BUDGET_HELD_EVENT,
  type BudgetActionData,
  type BudgetHeldData,
  type BudgetNow,
  budgetActionText,
  budgetText,
  type Pace,
  type PipelineStats,
} from "../../fleet/contract/index.ts";
import type { BudgetSpec } from "../../fleet/spec/index.ts";
import { type BudgetStep, INITIAL_BUDGET, nextBudget } from "./budget-machine.ts";
import { secondOf, type Totals, totalsOf } from "./budget-second.ts";
import { budgetSteps } from "./budget-steps.ts";
import type { BudgetSecond, Held } from "./budget-window.ts";

export type BudgetEvent =
  | { kind: typeof BUDGET_ACTION; message: string; data: BudgetActionData }
  | { kind: typeof BUDGET_HELD_EVENT; message: string; data: BudgetHeldData };

/**
 * Seconds from the first frame, or from another model or other sources on, that are not judged: what begins has its load
 * (first runs, other pipelines of the board, an engine that is built), which says nothing of what follows.
 */
export const SETTLE_SECONDS = 10;

/** What of a specification says how much work there is. */
interface Paced {
  detect: { interval?: number | undefined };
  /** Absent: no tracker. */
  track?: object | undefined;
  sources: Readonly<Record<string, { uri: string }>>;
}

export interface BudgetKeeperOptions {
  /** The pipeline's name. */
  name: string;
  spec: Paced;
  setPace: (pace: Pace) => void;
  onEvent: (event: BudgetEvent) => void;
}

/**
 * Has one runner keep its pipeline's budget, a second of figures after the other. A new runner has a new keeper, so that a
 * restart begins with what the specification says. Another model or other sources in the same runner keep what is done:
 * the windows begin anew, and it is undone where it is needless.
 */
export class BudgetKeeper {
  readonly #options: BudgetKeeperOptions;
  #steps: readonly [Pace, ...Pace[]];
  #hasFiles: boolean;
  #state = INITIAL_BUDGET;
  #totals: Totals | null = null;
  #settling = SETTLE_SECONDS;
  /** What the last step further followed from. */
  #because: Held | null = null;
  readonly #told = new Set<string>();

  constructor(options: BudgetKeeperOptions) {
    this.#options = options;
    this.#steps = stepsOf(options.spec);
    this.#hasFiles = hasFiles(options.spec);
  }

  /** Other work begins in the same runner: what was measured before says nothing of it. */
  begin(spec: Paced): void {
    this.#steps = stepsOf(spec);
    this.#hasFiles = hasFiles(spec);
    // Without a live source no frames are left out.
    const step = Math.min(this.#state.step, this.#steps.length - 1);
    if (step !== this.#state.step) this.#options.setPace(this.#pace(step));
    this.#state = { ...this.#state, step, seconds: [] };
    this.#settling = SETTLE_SECONDS;
  }

  /** Takes the statistics of a second, and says what is done or why nothing is; undefined: nothing need be. */
  second(stats: PipelineStats, budget: BudgetSpec = {}): BudgetNow | undefined {
    const outcome = nextBudget(this.#state, this.#measured(stats), { steps: this.#steps, budget });
    this.#state = outcome.state;
    if (outcome.step) this.#take(outcome.step);
    const { held } = outcome;
    const figure = held ?? this.#because;
    if (figure === null) return undefined;
    const { limit, measured, wanted } = figure;
    const { step } = this.#state;
    const now: BudgetNow = {
      ...{ pace: this.#pace(step), acts: step > 0, limit, measured, wanted },
      ...(held && { held: held.why }),
    };
    if (held) this.#tellHeld(now, held.why);
    return now;
  }

  #measured(stats: PipelineStats): BudgetSecond | null {
    const former = this.#totals;
    this.#totals = totalsOf(stats);
    // Before the first frame, sources connect.
    if (stats.framesTotal === 0) return null;
    if (this.#settling > 0) this.#settling -= 1;
    else if (former !== null) return secondOf(stats, former, this.#hasFiles);
    return null;
  }

  #take({ from, to, because, undone }: BudgetStep): void {
    if (to === 0) this.#because = null;
    else if (!undone) this.#because = because;
    const data = {
      ...{ pipeline: this.#options.name, from: this.#pace(from), to: this.#pace(to) },
      ...{ because, undone },
    };
    this.#options.setPace(data.to);
    this.#options.onEvent({ kind: BUDGET_ACTION, message: budgetActionText(data), data });
  }

  #tellHeld(now: BudgetNow, held: string): void {
    if (this.#told.has(held)) return;
    this.#told.add(held);
    const { limit, measured, wanted } = now;
    const data = { pipeline: this.#options.name, limit, measured, wanted, held };
    this.#options.onEvent({ kind: BUDGET_HELD_EVENT, message: budgetText(now), data });
  }

  #pace(step: number): Pace {
    return this.#steps[step] ?? this.#steps[0];
  }
}

function stepsOf({ detect, track, sources }: Paced): readonly [Pace, ...Pace[]] {
  return budgetSteps({
    detectInterval: detect.interval ?? 1,
    tracks: track !== undefined,
    live: Object.values(sources).some((source) => !isFile(source)),
  });
}

function hasFiles({ sources }: Paced): boolean {
  return Object.values(sources).some(isFile);
}

function isFile({ uri }: { uri: string }): boolean {
  return uri.startsWith("file:");
}
