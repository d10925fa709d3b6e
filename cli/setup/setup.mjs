// `npm run setup`: everything jetfleet needs on the operator's machine. Plain JavaScript for Node 18
// without dependencies, because it runs before anything is installed.

import { mkdirSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSetupArgs, SETUP_HELP } from "./args.mjs";
import { reportAndExitCode, SetupError } from "./errors.mjs";
import { cacheDir, repoDir, stateDir } from "./paths.mjs";
import { estimateSeconds, formatDuration } from "./plan.mjs";
import { Reporter } from "./reporter.mjs";
import { runSteps } from "./runner.mjs";
import { STEPS } from "./steps/index.mjs";

/** @typedef {{ step: import("./steps/step.mjs").Step, finding: import("./steps/step.mjs").Finding }} Found */

/** @returns {import("./steps/step.mjs").Places} */
const placesHere = () => ({ root: repoDir, state: stateDir(), cache: cacheDir() });

/**
 * Brings this machine to where jetfleet runs. `quiet` says nothing when nothing is missing; `also`: what else it is to do
 * than run jetfleet.
 * @param {{ quiet?: boolean, also?: import("./steps/step.mjs").Purpose[], signal?: AbortSignal }} [options]
 */
export async function setUp({ quiet = false, also = [], signal = cancelOnSignals() } = {}) {
  requireLinux();
  const places = placesHere();
  const found = findings(places, also);
  const missing = found.filter(({ finding }) => !finding.ok).map(({ step }) => step);
  if (missing.length === 0) {
    if (!quiet) for (const line of reportLines(found)) console.log(line);
    return;
  }
  announce(found, missing, places);
  for (const step of missing) step.preflight?.(places);
  mkdirSync(places.cache, { recursive: true });
  const reporter = new Reporter(process.stderr);
  const startedAtMs = performance.now();
  try {
    const waiting = missing.map(({ name }) => name);
    await runSteps({ steps: found.map(({ step }) => step), waiting, places, signal, reporter });
  } finally {
    reporter.close();
  }
  console.error(`Set-up done in ${formatDuration((performance.now() - startedAtMs) / 1000)}.`);
}

/**
 * Throws SETUP_MISSING, naming every missing piece, unless all is there.
 * @param {string[]} [names] steps to look at; without, all but those of the tests
 */
export function requireSetUp(names = stepsFor(placesHere(), []).map(({ name }) => name)) {
  requireLinux();
  const missing = findings(placesHere(), []).filter(
    ({ step, finding }) => names.includes(step.name) && !finding.ok,
  );
  if (missing.length === 0) return;
  const reasons = missing.map(
    ({ step, finding }) => `${step.name}: ${"reason" in finding ? finding.reason : ""}`,
  );
  throw new SetupError(
    "SETUP_MISSING",
    `expected a complete set-up, but ${missing.length} of ${names.length} pieces are missing\n    ${reasons.join("\n    ")}`,
    "npm run setup",
  );
}

/**
 * @param {import("./steps/step.mjs").Places} places
 * @param {import("./steps/step.mjs").Purpose[]} also
 * @returns {Found[]}
 */
function findings(places, also) {
  return stepsFor(places, also).map((step) => ({ step, finding: step.check(places) }));
}

/**
 * @param {import("./steps/step.mjs").Places} places
 * @param {import("./steps/step.mjs").Purpose[]} also
 */
function stepsFor(places, also) {
  return STEPS.filter(
    ({ onlyFor, wasAskedFor }) => !onlyFor || also.includes(onlyFor) || wasAskedFor?.(places),
  );
}

/**
 * @param {Found[]} found
 * @param {import("./steps/step.mjs").Step[]} missing
 * @param {import("./steps/step.mjs").Places} places
 */
function announce(found, missing, places) {
  const needs = new Map(missing.map((step) => [step.name, step.needs(places)]));
  const total = estimateSeconds(missing, (name) => needs.get(name) ?? []);
  const write = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);
  write(
    `jetfleet set-up: ${missing.length} of ${found.length} steps to do, about ${formatDuration(total)} on two cores.`,
  );
  for (const line of reportLines(found)) write(line);
  for (const step of missing) {
    write(`  ${step.name} will do: ${step.why}\n    writes to: ${step.touches}`);
  }
  write(
    `State is kept in ${places.state} (logs too), the cache is ${places.cache}; nothing else is touched.`,
  );
}

/** @param {Found[]} found */
function reportLines(found) {
  return found.map(({ step, finding }) =>
    finding.ok
      ? `  ok       ${step.name}: ${finding.note}`
      : `  missing  ${step.name}: ${finding.reason}`,
  );
}

function requireLinux() {
  if (process.platform === "linux") return;
  throw new SetupError(
    "SETUP_MISSING",
    `expected Debian or Ubuntu Linux, got ${process.platform}`,
    "run it in a Debian 12 container or virtual machine",
  );
}

/** @returns {AbortSignal} that fires on Ctrl-C and on termination */
function cancelOnSignals() {
  const controller = new AbortController();
  for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(name, () => controller.abort());
  }
  return controller.signal;
}

/** @param {string[]} args */
async function main(args) {
  const options = parseSetupArgs(args);
  if (options.help) return console.log(SETUP_HELP);
  if (!options.check) return setUp({ also: options.boards });
  requireLinux();
  const found = findings(placesHere(), options.boards);
  for (const line of reportLines(found)) console.log(line);
  requireSetUp(found.map(({ step }) => step.name));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch(reportAndExitCode);
}
