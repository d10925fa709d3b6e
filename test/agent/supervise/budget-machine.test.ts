import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ACT_SECONDS,
  type BudgetRules,
  type BudgetState,
  INITIAL_BUDGET,
  MOST_UNDO_SECONDS,
  nextBudget,
  UNDO_SECONDS,
} from "../../../agent/supervise/budget-machine.ts";
import { budgetSteps } from "../../../agent/supervise/budget-steps.ts";
import type { BudgetSecond } from "../../../agent/supervise/budget-window.ts";
import { forSeconds, type Load, run, secondAt } from "./budget-load.ts";

const steps = budgetSteps({ detectInterval: 1, tracks: true, live: true });
const latency: BudgetRules = { steps, budget: { latencyP95Ms: 150 } };
const rate: BudgetRules = { steps, budget: { minFps: 20 } };
const both: BudgetRules = { steps, budget: { latencyP95Ms: 150, minFps: 10 } };

const light: Load = { cameraFps: 25, workMs: 10 };
const heavy: Load = { cameraFps: 25, workMs: 90 };
const hopeless: Load = { cameraFps: 25, workMs: 2000 };

const stepsIn = ({ told }: ReturnType<typeof run>) =>
  told.flatMap(({ second, step }) => (step ? [[second, step.from, step.to]] : []));
const heldIn = ({ told }: ReturnType<typeof run>) => [
  ...new Set(told.flatMap(({ held }) => (held ? [held.why] : []))),
];

describe("the steps for a budget", () => {
  it("are longer intervals, then fewer live frames, from what is specified", () => {
    const texts = (paced: Parameters<typeof budgetSteps>[0]) =>
      budgetSteps(paced).map((pace) => `${pace.detectInterval}/${pace.admitEvery}`);
    const asked = { detectInterval: 1, tracks: true, live: true };
    expect(texts(asked)).toEqual("1/1 2/1 3/1 4/1 6/1 8/1 8/2 8/3 8/4".split(" "));
    expect(texts({ ...asked, live: false })).toEqual("1/1 2/1 3/1 4/1 6/1 8/1".split(" "));
    expect(texts({ ...asked, tracks: false })).toEqual("1/1 1/2 1/3 1/4".split(" "));
    expect(texts({ ...asked, detectInterval: 5 })).toEqual("5/1 6/1 8/1 8/2 8/3 8/4".split(" "));
    expect(texts({ ...asked, detectInterval: 50 })).toEqual("50/1 50/2 50/3 50/4".split(" "));
  });
});

describe("a budget that is exceeded", () => {
  it("for a window leads one step further, and to the next one only after another window", () => {
    const outcome = run(latency, forSeconds(30, heavy));
    expect(stepsIn(outcome).slice(0, 2)).toEqual([
      [ACT_SECONDS - 1, 0, 1],
      [2 * ACT_SECONDS - 1, 1, 2],
    ]);
    expect(outcome.told[ACT_SECONDS - 1]?.step).toEqual({
      ...{ from: 0, to: 1, undone: false },
      because: { limit: "latencyP95Ms", measured: 270, wanted: 150, overSeconds: ACT_SECONDS },
    });
    expect(outcome.state.step, "a third of the work is met").toBe(3);
  });

  it("now and then leads nowhere", () => {
    const hiccups = Array.from({ length: 100 }, (_, second) => (second % 5 < 2 ? heavy : light));
    expect(stepsIn(run(latency, hiccups))).toEqual([]);
  });

  it("of the rate alone never has frames left out, which would not bring more of them", () => {
    const outcome = run(rate, forSeconds(200, hopeless));
    expect(outcome.told.every(({ state }) => steps[state.step]?.admitEvery === 1)).toBe(true);
    expect(outcome.state.step).toBe(5);
    expect(heldIn(outcome)).toEqual(["no-step"]);
  });

  it("of the latency has so many frames left out as the rate allows", () => {
    const rules = { steps, budget: { latencyP95Ms: 150, minFps: 7 } };
    const outcome = run(rules, forSeconds(200, { cameraFps: 25, workMs: 450 }));
    expect(steps[outcome.state.step]).toEqual({ detectInterval: 8, admitEvery: 2 });
    expect(heldIn(outcome)).toEqual(["min-fps"]);
    const alone = run(latency, forSeconds(200, hopeless));
    expect(steps[alone.state.step]).toEqual({ detectInterval: 8, admitEvery: 4 });
  });

  it("of the rate takes frames back that were left out", () => {
    const left = { ...INITIAL_BUDGET, step: 6 };
    const calmer = { cameraFps: 15, workMs: 100 };
    const outcome = run(both, forSeconds(ACT_SECONDS, calmer), left);
    expect(stepsIn(outcome)).toEqual([[ACT_SECONDS - 1, 6, 5]]);
    expect(outcome.told.at(-1)?.step).toMatchObject({ undone: true, because: { limit: "minFps" } });
  });

  it("by what no step helps is told, and nothing is done", () => {
    const [base] = [secondAt(heavy, { detectInterval: 1, admitEvery: 1 })];
    const told = (rules: BudgetRules, second: Partial<BudgetSecond>) => {
      let state = INITIAL_BUDGET;
      const held: unknown[] = [];
      for (let at = 0; at < 60; at += 1) {
        const outcome = nextBudget(state, { ...base, ...second }, rules);
        ({ state } = outcome);
        expect(outcome.step).toBeUndefined();
        if (outcome.held) held.push(outcome.held.why);
      }
      return [...new Set(held)];
    };
    expect(told(rate, { fps: 8, sentFps: 8 })).toEqual(["source-slow"]);
    expect(told(rate, { fps: 8, sentFps: 25, allPlay: false })).toEqual(["source-lost"]);
    expect(told(rate, { fps: 8, sentFps: 25, waits: false })).toEqual(["no-wait"]);
    expect(told(latency, { p95Ms: 900, waits: false })).toEqual(["no-wait"]);
    const bare = {
      ...latency,
      steps: budgetSteps({ ...{ detectInterval: 1 }, tracks: false, live: false }),
    };
    expect(told(bare, { p95Ms: 900 })).toEqual(["no-step"]);
  });

  it("is not known to be: nothing is done, and what was known before does not count", () => {
    const seconds = [...forSeconds(4, heavy), null, ...forSeconds(4, heavy)];
    expect(stepsIn(run(latency, seconds))).toEqual([]);
    let state = INITIAL_BUDGET;
    const base = secondAt(heavy, { detectInterval: 1, admitEvery: 1 });
    for (let at = 0; at < 200; at += 1) {
      const outcome = nextBudget(state, { ...base, p95Ms: null, fps: 0 }, latency);
      expect(outcome).toEqual({ state: outcome.state });
      ({ state } = outcome);
    }
  });
});

describe("a step", () => {
  const after: BudgetState = { ...run(latency, forSeconds(30, heavy)).state, seconds: [] };

  it("is taken back one by one when the load is gone", () => {
    const outcome = run(latency, forSeconds(3 * UNDO_SECONDS, light), after);
    expect(stepsIn(outcome)).toEqual(
      [3, 2, 1].map((from, at) => [(at + 1) * UNDO_SECONDS - 1, from, from - 1]),
    );
    expect(outcome.told.flatMap(({ step }) => (step ? [step.undone] : []))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("is not taken back where the budget is met without head-room, or frames are lost", () => {
    const near = { cameraFps: 25, workMs: 85 };
    expect(stepsIn(run(latency, forSeconds(100, near), after))).toEqual([]);
    const second = { ...secondAt(light, { detectInterval: 4, admitEvery: 1 }), lost: 1 };
    let state = after;
    for (let at = 0; at < 100; at += 1) ({ state } = nextBudget(state, second, latency));
    expect(state.step).toBe(after.step);
  });

  it("back that fails again and again is tried ever more seldom", () => {
    // At every 3rd frame with room; at every 2nd it is overloaded.
    const border = { cameraFps: 25, workMs: 85 };
    const rules: BudgetRules = { steps, budget: { latencyP95Ms: 190 } };
    const outcome = run(rules, forSeconds(3600, border));
    const back = outcome.told.filter(({ step }) => step?.undone).map(({ second }) => second);
    const between = back.slice(1).map((second, at) => second - (back[at] ?? 0));
    expect(between.slice(0, 5)).toEqual([30, 60, 120, 240, 480].map((wait) => wait + ACT_SECONDS));
    expect(Math.max(...between)).toBe(MOST_UNDO_SECONDS + ACT_SECONDS);
    const calm = run(rules, forSeconds(MOST_UNDO_SECONDS + 4 * UNDO_SECONDS, light), outcome.state);
    expect(calm.state.step).toBe(0);
    const again = run(
      rules,
      [...forSeconds(MOST_UNDO_SECONDS, light), ...forSeconds(5, heavy)],
      calm.state,
    );
    expect(again.state, "what held for so long is forgotten").toMatchObject({
      step: 1,
      undoAfter: UNDO_SECONDS,
    });
  });

  it("is taken back at once when there is no budget any more", () => {
    const { state, step } = nextBudget(after, null, { steps, budget: {} });
    expect(step).toEqual({ from: 3, to: 0, because: null, undone: true });
    expect(state.step).toBe(0);
  });
});

describe("over any load", () => {
  const load = fc.record({
    cameraFps: fc.constantFrom(1, 5, 15, 25, 60),
    workMs: fc.constantFrom(1, 20, 45, 90, 140, 400, 3000),
  });
  const phase = fc.tuple(fc.option(load, { freq: 10 }), fc.integer({ min: 1, max: 90 }));
  const phases = fc.array(phase, { minLength: 1, maxLength: 30 });
  const asked = fc.record({
    detectInterval: fc.constantFrom(1, 2, 5, 30),
    tracks: fc.boolean(),
    live: fc.boolean(),
  });
  const budget = fc.record(
    { minFps: fc.constantFrom(2, 10, 24), latencyP95Ms: fc.constantFrom(30, 150, 1000) },
    { requiredKeys: [] },
  );
  const secondsOf = (all: readonly [Load | null, number][]) =>
    all.flatMap(([each, seconds]) => forSeconds(seconds, each));

  it("steps are one at a time, within bounds, and no nearer to each other than their windows", () => {
    fc.assert(
      fc.property(asked, budget, phases, (paced, limits, all) => {
        const rules = { steps: budgetSteps(paced), budget: limits };
        const { told } = run(rules, secondsOf(all));
        let last = -1;
        for (const { second, state, step } of told) {
          const pace = rules.steps[state.step];
          expect(pace?.detectInterval).toBeLessThanOrEqual(Math.max(8, paced.detectInterval));
          expect(pace?.admitEvery).toBeLessThanOrEqual(4);
          if (!step) continue;
          expect(Math.abs(step.to - step.from)).toBe(1);
          const forced = step.because?.overSeconds === ACT_SECONDS;
          expect(second - last).toBeGreaterThanOrEqual(forced ? ACT_SECONDS : UNDO_SECONDS);
          expect(step.because, "what is not known leads nowhere").not.toBeNull();
          last = second;
        }
      }),
    );
  });

  it("what the specification says comes back when the load goes", () => {
    fc.assert(
      fc.property(asked, budget, phases, (paced, limits, all) => {
        const rules = { steps: budgetSteps(paced), budget: limits };
        const { state } = run(rules, secondsOf(all));
        const none = { cameraFps: 25, workMs: 1 };
        const calm = run(rules, forSeconds(MOST_UNDO_SECONDS + 10 * UNDO_SECONDS, none), state);
        expect(calm.state.step).toBe(0);
      }),
    );
  });
});
