import {
  type BudgetOutcome,
  type BudgetRules,
  type BudgetState,
  INITIAL_BUDGET,
  nextBudget,
} from "../../../agent/supervise/budget-machine.ts";
import type { BudgetSecond } from "../../../agent/supervise/budget-window.ts";
import type { Pace } from "../../../fleet/contract/index.ts";

/** A camera and a model on one accelerator. */
export interface Load {
  cameraFps: number;
  workMs: number;
}

/** What a second of it looks like at a pace: queues hold the newest frame, so that an overload loses frames. */
export function secondAt({ cameraFps, workMs }: Load, pace: Pace): BudgetSecond {
  const admitted = cameraFps / pace.admitEvery;
  const busy = (admitted / pace.detectInterval) * (workMs / 1000);
  const lost = busy > 1 ? admitted * (1 - 1 / busy) : 0;
  return {
    fps: admitted - lost,
    sentFps: cameraFps,
    allPlay: true,
    p95Ms: busy > 1 ? 3 * workMs : workMs * (1 + busy),
    lost,
    waits: busy > 0.5,
  };
}

export interface Told extends BudgetOutcome {
  second: number;
}

/** The machine over seconds, each by the pace that it has led to. Null: nothing is known of that second. */
export function run(
  rules: BudgetRules,
  loads: readonly (Load | null)[],
  from: BudgetState = INITIAL_BUDGET,
): { state: BudgetState; told: Told[] } {
  let state = from;
  const told = loads.map((load, second) => {
    const pace = rules.steps[state.step] ?? { detectInterval: 1, admitEvery: 1 };
    const outcome = nextBudget(state, load && secondAt(load, pace), rules);
    state = outcome.state;
    return { ...outcome, second };
  });
  return { state, told };
}

export const forSeconds = <Each>(seconds: number, load: Each): Each[] =>
  Array.from({ length: seconds }, () => load);
