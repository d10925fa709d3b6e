/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * Counts from vitest's JSON report. A file that cannot be loaded has no tests in the report, and an
 * error outside any test fails none: both must count.
 * @param {any} report undefined when vitest wrote none
 * @param {number} exitCode
 * @returns {Tally}
 */
export function vitestCounts(report, exitCode) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const brokenFiles = (report.testResults ?? []).filter(
    (/** @type {any} */ file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
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
