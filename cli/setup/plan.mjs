// Which steps run and when, as pure functions over findings.

/**
 * @typedef {import("./steps/step.mjs").Step} Step
 * @typedef {{ name: string, state: "satisfied" | "waiting" | "running" | "done" | "failed" | "skipped" }} Progress
 */

/**
 * Names of the waiting steps whose needs are met, in the order given.
 * @param {Progress[]} steps
 * @param {(name: string) => string[]} needsOf
 */
export function readySteps(steps, needsOf) {
  const met = new Set(steps.filter(isMet).map(({ name }) => name));
  return steps
    .filter(
      ({ name, state }) => state === "waiting" && needsOf(name).every((need) => met.has(need)),
    )
    .map(({ name }) => name);
}

/**
 * Names of the waiting steps that can never run, because something they need failed or was skipped.
 * @param {Progress[]} steps
 * @param {(name: string) => string[]} needsOf
 */
export function hopelessSteps(steps, needsOf) {
  const lost = new Set(
    steps.filter(({ state }) => state === "failed" || state === "skipped").map(({ name }) => name),
  );
  return steps
    .filter(
      ({ name, state }) => state === "waiting" && needsOf(name).some((need) => lost.has(need)),
    )
    .map(({ name }) => name);
}

/** @param {Progress} step */
function isMet({ state }) {
  return state === "satisfied" || state === "done";
}

/**
 * Seconds until all of the steps are done if enough processors are there: the longest chain of needs.
 * @param {Pick<Step, "name" | "estimateSeconds">[]} steps the ones to run
 * @param {(name: string) => string[]} needsOf
 */
export function estimateSeconds(steps, needsOf) {
  /** @param {string} name @returns {number} */
  const finishOf = (name) => {
    const step = steps.find((each) => each.name === name);
    if (!step) return 0;
    return step.estimateSeconds + Math.max(0, ...needsOf(name).map(finishOf));
  };
  return Math.max(0, ...steps.map(({ name }) => finishOf(name)));
}

/** @param {number} seconds */
export function formatDuration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
