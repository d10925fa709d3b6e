import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repoDir } from "../../../cli/setup/paths.mjs";
import { describeCounts, formatCounts, sumCounts } from "../../../cli/setup/results.mjs";
import {
  countsInText,
  failedFiles,
  vitestCounts,
  withSecondRun,
} from "../../../cli/setup/test-counts.mjs";

/**
 * @param {string} fullName
 * @param {string} status
 * @param {string[]} failureMessages
 */
const tested = (fullName, status, failureMessages = []) => ({ fullName, status, failureMessages });

/**
 * @param {string} file
 * @param {string} status
 * @param {ReturnType<typeof tested>[]} assertionResults
 */
const ran = (file, status, assertionResults) => ({
  name: join(repoDir, "test", file),
  status,
  assertionResults,
});

describe("vitest's counts", () => {
  const good = ran("good.test.ts", "passed", [
    tested("a", "passed"),
    tested("b", "passed"),
    tested("c", "skipped"),
    tested("d", "todo"),
  ]);

  /** @param {ReturnType<typeof ran>[]} files */
  const described = (...files) =>
    describeCounts({ runner: "vitest", ...vitestCounts({ testResults: files }, 1) });

  it("are those of its report", () => {
    const counts = vitestCounts({ testResults: [good] }, 0);
    expect(counts).toMatchObject({ passed: 2, failed: 0, skipped: 2 });
  });

  it("count a file that could not be loaded as failed, by name", () => {
    expect(described(good, ran("broken.test.ts", "failed", []))).toBe(
      "vitest: 2 passed, 1 failed, 2 skipped\n  failed: test/broken.test.ts: cannot be loaded, or made ready",
    );
  });

  it("count a file whose tests were skipped because it could not be made ready", () => {
    const broken = ran("broken.test.ts", "failed", [tested("a is b", "skipped")]);
    expect(vitestCounts({ testResults: [broken] }, 1).failures).toEqual([
      "test/broken.test.ts: cannot be loaded, or made ready",
    ]);
  });

  it("name what failed, and what passed only when it was tried again", () => {
    const tests = [
      tested(" a is b", "failed", ["a is c"]),
      tested("b is c", "passed", ["\u001b[31mb\n was\u001b[0m d"]),
    ];
    expect(described(ran("a.test.ts", "failed", [...tests, tested("c is d", "passed")]))).toBe(
      [
        "vitest: 2 passed, 1 failed",
        "  failed: test/a.test.ts: a is b (a is c)",
        "  passed only when tried again: test/a.test.ts: b is c (b was d)",
      ].join("\n"),
    );
  });

  it("count an error outside any test as failed", () => {
    expect(vitestCounts({ testResults: [good] }, 1).failed).toBe(1);
  });

  it("are one failure without a report", () => {
    expect(vitestCounts(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  describe("with a second run of the files of which something failed", () => {
    const first = {
      testResults: [
        good,
        ran("a.test.ts", "failed", [tested("a", "failed", ["slow"]), tested("b", "passed")]),
        ran("broken.test.ts", "failed", [tested("c", "skipped")]),
      ],
    };

    /** @param {ReturnType<typeof ran>[]} files */
    const after = (...files) => {
      const counts = vitestCounts(withSecondRun(first, { testResults: files }), 0);
      return describeCounts({ runner: "vitest", ...counts });
    };

    it("are of those files", () => {
      expect(failedFiles(first)).toEqual(first.testResults.slice(1).map(({ name }) => name));
      expect(failedFiles(undefined)).toEqual([]);
    });

    it("name what passes now", () => {
      const a = ran("a.test.ts", "passed", [tested("a", "passed"), tested("b", "passed")]);
      expect(after(a, ran("broken.test.ts", "passed", [tested("c", "passed")]))).toBe(
        [
          "vitest: 5 passed, 0 failed, 2 skipped",
          "  passed only when tried again: test/a.test.ts: a (slow)",
          "  passed only when tried again: test/broken.test.ts: c (its file failed)",
        ].join("\n"),
      );
    });

    it("name what fails again, or only then", () => {
      const a = ran("a.test.ts", "failed", [tested("a", "failed"), tested("b", "failed")]);
      expect(after(a, ran("broken.test.ts", "failed", []))).toBe(
        [
          "vitest: 2 passed, 3 failed, 2 skipped",
          "  failed: test/a.test.ts: a",
          "  failed: test/a.test.ts: b",
          "  failed: test/broken.test.ts: cannot be loaded, or made ready",
        ].join("\n"),
      );
    });

    it("keep what did not run again", () => {
      expect(after()).toContain("vitest: 3 passed, 2 failed, 3 skipped");
    });
  });
});

describe("the native tests' counts", () => {
  it("are the sum of every program's last line", () => {
    const text = "detect_test: 3 passed, 0 failed\ntrack_test: 4 passed, 1 failed, 2 skipped\n";

    expect(countsInText(text, 1)).toEqual({ passed: 7, failed: 1, skipped: 2 });
  });

  it("count a crash that no line tells of", () => {
    expect(countsInText("a_test: 3 passed, 0 failed\nSegmentation fault\n", 2).failed).toBe(1);
  });

  it("are one for a run that says nothing", () => {
    expect(countsInText("", 0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });
});

describe("the sum", () => {
  const counts = [
    { runner: "a", passed: 1, failed: 0, skipped: 0 },
    { runner: "b", passed: 2, failed: 1, skipped: 3 },
  ];

  it("is over all runners", () => {
    expect(sumCounts(counts)).toMatchObject({ passed: 3, failed: 1, skipped: 3 });
  });

  it("names skipped tests only when there are some", () => {
    expect(formatCounts(sumCounts(counts))).toBe("3 passed, 1 failed, 3 skipped");
    expect(formatCounts({ runner: "", passed: 3, failed: 0, skipped: 0 })).toBe(
      "3 passed, 0 failed",
    );
  });
});
