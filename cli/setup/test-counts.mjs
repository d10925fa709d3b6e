import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { repoDir } from "./paths.mjs";

const REASON_LENGTH = 300;

/**
 * `failures` names what failed, `again` what passed only when it was tried once more.
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: string[], again?: string[] }} Tally
 */

/**
 * Of a report of vitest.
 * @typedef {{ fullName: string, status: string, failureMessages: string[] }} VitestTest
 * @typedef {{ name: string, status: string, assertionResults: VitestTest[] }} VitestFile
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
  /** @type {VitestFile[]} */
  const files = report.testResults;
  const tests = files.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, title: titleOf(name, test.fullName) })),
  );
  const failures = tests.filter(({ status }) => status === "failed").map(withReason);
  failures.push(
    ...files.filter(isBroken).map(({ name }) => titleOf(name, "cannot be loaded, or made ready")),
  );
  // What vitest keeps of a test that passed are the words of its attempts before.
  const again = tests
    .filter(({ status, failureMessages }) => status === "passed" && failureMessages.length > 0)
    .map(withReason);
  const passed = tests.filter(({ status }) => status === "passed").length;
  return {
    passed,
    failed: failures.length === 0 && exitCode !== 0 ? 1 : failures.length,
    skipped: tests.filter(({ status }) => status !== "passed" && status !== "failed").length,
    failures,
    again,
  };
}

/**
 * @param {string} file
 * @param {string} what
 */
function titleOf(file, what) {
  return `${relative(repoDir, file)}: ${what.trim()}`;
}

/**
 * Who sees the end of a long output only must know why, too.
 * @param {VitestTest & { title: string }} test
 */
function withReason({ title, failureMessages }) {
  const reason = stripVTControlCharacters(failureMessages[0] ?? "")
    .trim()
    .replace(/\s+/g, " ");
  return reason === "" ? title : `${title} (${reason.slice(0, REASON_LENGTH)})`;
}

/** @param {VitestFile} file */
function isBroken({ status, assertionResults }) {
  return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}

/**
 * Files of which something failed.
 * @param {any} report undefined when vitest wrote none
 * @returns {string[]}
 */
export function failedFiles(report) {
  /** @type {VitestFile[]} */
  const files = report?.testResults ?? [];
  return files.filter(({ status }) => status === "failed").map(({ name }) => name);
}

/**
 * A report in which a second run of some of its files takes their place. What failed at first and passes now keeps
 * the words of its failure.
 * @param {any} report
 * @param {any} second
 */
export function withSecondRun(report, second) {
  /** @type {Map<string, VitestFile>} */
  const ranAgain = new Map(second.testResults.map((/** @type {VitestFile} */ f) => [f.name, f]));
  const testResults = report.testResults.map((/** @type {VitestFile} */ first) => {
    const now = ranAgain.get(first.name);
    return now ? { ...now, assertionResults: rememberFailures(first, now) } : first;
  });
  return { ...report, testResults };
}

/**
 * @param {VitestFile} first
 * @param {VitestFile} now
 */
function rememberFailures(first, now) {
  const before = new Map(first.assertionResults.map((test) => [test.fullName, test]));
  return now.assertionResults.map((test) => {
    const failedBefore = isBroken(first) || before.get(test.fullName)?.status === "failed";
    if (!failedBefore || test.status !== "passed") return test;
    const said = before.get(test.fullName)?.failureMessages ?? [];
    return { ...test, failureMessages: said.length > 0 ? said : ["its file failed"] };
  });
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
