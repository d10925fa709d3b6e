import { describeError, SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { openLog } from "./log-file.mjs";
import { hopelessSteps, readySteps } from "./plan.mjs";

/**
 * @typedef {import("./steps/step.mjs").Step} Step
 * @typedef {import("./steps/step.mjs").Places} Places
 * @typedef {import("./plan.mjs").Progress} Progress
 */

/**
 * Runs the waiting steps, side by side where their needs allow. A failed step does not stop the
 * others; all failures are told at the end. Throws SETUP_FAILED or CANCELLED.
 * @param {{ steps: Step[], waiting: string[], places: Places, signal: AbortSignal,
 *   reporter: import("./reporter.mjs").Reporter }} options
 */
export async function runSteps({ steps, waiting, places, signal, reporter }) {
  const needs = new Map(steps.map((step) => [step.name, step.needs(places)]));
  const needsOf = (/** @type {string} */ name) => needs.get(name) ?? [];
  /** @type {Progress[]} */
  const progress = steps.map(({ name }) => ({
    name,
    state: waiting.includes(name) ? "waiting" : "satisfied",
  }));
  /** @type {Map<string, Promise<void>>} */
  const running = new Map();
  /** @type {SetupError[]} */
  const failures = [];

  const start = (/** @type {Progress} */ entry, /** @type {Step} */ step) => {
    entry.state = "running";
    const settled = runStep(step, places, signal, reporter).then(
      () => void (entry.state = "done"),
      (error) => {
        entry.state = "failed";
        failures.push(toSetupError(error, step.name));
      },
    );
    running.set(
      step.name,
      settled.finally(() => running.delete(step.name)),
    );
  };

  for (;;) {
    for (const name of signal.aborted ? [] : readySteps(progress, needsOf)) {
      const entry = progress.find((each) => each.name === name);
      const step = steps.find((each) => each.name === name);
      if (entry && step) start(entry, step);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
    skipHopeless(progress, needsOf, reporter);
  }
  if (signal.aborted) throw cancelled();
  if (failures.length > 0) throw combined(failures);
}

/**
 * @param {Step} step
 * @param {Places} places
 * @param {AbortSignal} signal
 * @param {import("./reporter.mjs").Reporter} reporter
 */
async function runStep(step, places, signal, reporter) {
  const log = openLog(places.state, step.name);
  reporter.started(step.name, step.estimateSeconds);
  const context = {
    ...places,
    signal,
    log: (/** @type {string} */ line) => log.write(line),
    progress: (/** @type {string} */ text, /** @type {number | undefined} */ fraction) =>
      reporter.progress(step.name, text, fraction),
  };
  const onWait = (/** @type {{ pid: number }} */ { pid }) => {
    const what = `waiting for another set-up (process ${pid}) that does the same`;
    reporter.progress(step.name, what);
    reporter.line(`  ${step.name}: ${what}`);
  };
  try {
    const outcome = await withLock(step.lockFile(places), { signal, onWait }, async () => {
      if (step.check(places).ok) return "done by another set-up";
      await step.run(context);
      const finding = step.check(places);
      if (finding.ok) return "done";
      throw new SetupError(
        "SETUP_FAILED",
        `expected ${step.name} to be complete after its step ran, but ${finding.reason}`,
        `read ${log.path}`,
      );
    });
    reporter.ended(step.name, outcome);
  } catch (error) {
    log.write(describeError(error));
    reporter.ended(step.name, signal.aborted ? "cancelled" : `FAILED, see ${log.path}`);
    throw error;
  } finally {
    log.close();
  }
}

/**
 * @param {Progress[]} progress
 * @param {(name: string) => string[]} needsOf
 * @param {import("./reporter.mjs").Reporter} reporter
 */
function skipHopeless(progress, needsOf, reporter) {
  for (const name of hopelessSteps(progress, needsOf)) {
    const entry = progress.find((each) => each.name === name);
    if (entry) entry.state = "skipped";
    reporter.line(`  ${name}: not run, it needs ${needsOf(name).join(" and ")}`);
  }
}

/**
 * @param {unknown} error
 * @param {string} step
 */
function toSetupError(error, step) {
  if (error instanceof SetupError) {
    return new SetupError(error.code, `${step}: ${error.message}`, error.hint);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SetupError(
    "SETUP_FAILED",
    `${step}: ${message}`,
    "read the log, then `npm run setup`",
  );
}

/** @param {SetupError[]} failures */
function combined(failures) {
  const [first] = failures;
  if (first && failures.length === 1) return first;
  const messages = failures.map((failure) => `\n- ${failure.message}\n  next: ${failure.hint}`);
  return new SetupError(
    "SETUP_FAILED",
    `${failures.length} steps failed:${messages.join("")}`,
    "npm run setup",
  );
}

function cancelled() {
  return new SetupError("CANCELLED", "set-up was cancelled", "`npm run setup` goes on from here");
}
