import { relative } from "node:path";
import { repoDir } from "./paths.mjs";

/**
 * `failures` names what failed, `again` what passed only when it was tried once more.
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: string[], again?: string[] }} Tally
 */

/**
 * Counts from vitest's JSON report. A file that cannot be loaded has no tests in the report, one whose
 * beforeAll failed has skipped ones, and an error outside any test fails none: all must count.
 * @param {any} report undefined when vitest wrote none
 * @param {number} exitCode
 * @returns {Tally}
 */
export function vitestCounts(report, exitCode) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  /** @type {any[]} */
  const files = report.testResults ?? [];
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === "failed" &&
      !assertionResults.some((/** @type {any} */ test) => test.status === "failed"),
  );
  const tests = files.flatMap(({ name, assertionResults }) =>
    assertionResults.map((/** @type {any} */ test) => ({
      ...test,
      title: `${relative(repoDir, name)}: ${test.fullName.trim()}`,
    })),
  );
  const failures = tests.filter(({ status }) => status === "failed").map(({ title }) => title);
  failures.push(
    ...broken.map(({ name }) => `${relative(repoDir, name)}: cannot be loaded, or made ready`),
  );
  // What vitest keeps of a test that passed are the words of its attempts before.
  const again = tests
    .filter(({ status, failureMessages }) => status === "passed" && failureMessages?.length > 0)
    .map(({ title }) => title);
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    failures,
    again,
  };
}

/**
 * Counts from the native tests' output: every line that ends with "N passed, N failed[, N skipped]".
 * Without such a line the whole run counts as one.
 * @param {string} text
 * @param {number} exitCode
 * @returns {Tally}
 */
export function countsInText(text, exitCode) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  let lines = 0;
  for (const match of text.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)) {
    lines += 1;
    tally.passed += Number(match[1]);
    tally.failed += Number(match[2]);
    tally.skipped += Number(match[3] ?? 0);
  }
  if (lines === 0 && exitCode === 0) tally.passed = 1;
  if (tally.failed === 0 && exitCode !== 0) tally.failed = 1;
  return tally;
}
