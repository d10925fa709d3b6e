// Counts of what ran. Each runner appends one line of JSON to the file that JETFLEET_RESULTS names;
// `.ci/run` sums them: `node cli/setup/results.mjs FILE` prints "N passed, N failed[, N skipped]".

import { appendFileSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {{ runner: string } & import("./test-counts.mjs").Tally} Counts */

/** @param {Counts} counts */
export function recordCounts(counts, env = process.env) {
  if (env.JETFLEET_RESULTS) appendFileSync(env.JETFLEET_RESULTS, `${JSON.stringify(counts)}\n`);
}

/**
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function sumCounts(all) {
  const total = { runner: "all", passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {Counts} counts */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * A line of counts, and one for each test that failed or needed a second attempt.
 * @param {Counts} counts
 */
export function describeCounts(counts) {
  const { runner, failures = [], again = [] } = counts;
  return [
    `${runner}: ${formatCounts(counts)}`,
    ...failures.map((title) => `  failed: ${title}`),
    ...again.map((title) => `  passed only when tried again: ${title}`),
  ].join("\n");
}

/**
 * @param {string} file
 * @returns {Counts[]}
 */
function readCounts(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const all = readCounts(process.argv[2] ?? "");
  for (const counts of all) console.log(describeCounts(counts));
  const total = sumCounts(all);
  console.log(formatCounts(total));
  // Nothing counted is no success.
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}
