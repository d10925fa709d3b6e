import { describe, expect, it } from "vitest";
import {
  estimateSeconds,
  formatDuration,
  hopelessSteps,
  readySteps,
} from "../../../cli/setup/plan.mjs";

/** @type {Record<string, string[]>} */
const NEEDS = { engine: [], apt: [], npm: [], native: ["apt", "npm"], agent: ["npm"] };
const needsOf = (/** @type {string} */ name) => NEEDS[name] ?? [];

/**
 * @param {Record<string, import("../../../cli/setup/plan.mjs").Progress["state"]>} states
 * @returns {import("../../../cli/setup/plan.mjs").Progress[]}
 */
const steps = (states) => Object.entries(states).map(([name, state]) => ({ name, state }));

describe("steps that can start", () => {
  it("are at first those that need nothing", () => {
    const all = steps({
      engine: "waiting",
      apt: "waiting",
      npm: "waiting",
      native: "waiting",
      agent: "waiting",
    });

    expect(readySteps(all, needsOf)).toEqual(["engine", "apt", "npm"]);
  });

  it("count a satisfied need as met", () => {
    const all = steps({ apt: "satisfied", npm: "done", native: "waiting" });

    expect(readySteps(all, needsOf)).toEqual(["native"]);
  });

  it.each(["running", "failed", "skipped"])("exclude one whose need is %s", (state) => {
    const all = steps({ apt: "done", npm: /** @type {"running"} */ (state), native: "waiting" });

    expect(readySteps(all, needsOf)).toEqual([]);
  });

  it("exclude those that run or ran", () => {
    expect(readySteps(steps({ engine: "running", apt: "done" }), needsOf)).toEqual([]);
  });
});

describe("steps that can never start", () => {
  it("are those whose need failed, and no others", () => {
    const all = steps({
      engine: "waiting",
      apt: "failed",
      npm: "done",
      native: "waiting",
      agent: "waiting",
    });

    expect(hopelessSteps(all, needsOf)).toEqual(["native"]);
  });
});

describe("the estimate", () => {
  const named = (/** @type {string} */ name, /** @type {number} */ seconds) => ({
    name,
    estimateSeconds: seconds,
  });

  it("is that of the longest chain", () => {
    const all = [named("engine", 100), named("apt", 60), named("npm", 10), named("native", 50)];

    expect(estimateSeconds(all, needsOf)).toBe(110);
  });

  it("leaves out what is satisfied already", () => {
    expect(estimateSeconds([named("native", 50)], needsOf)).toBe(50);
    expect(estimateSeconds([], needsOf)).toBe(0);
  });

  it("is told in minutes from a minute on", () => {
    expect([5.4, 59.6, 60, 330].map(formatDuration)).toEqual([
      "5 s",
      "1 min 0 s",
      "1 min 0 s",
      "5 min 30 s",
    ]);
  });
});
