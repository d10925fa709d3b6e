import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repoDir } from "../../../cli/setup/paths.mjs";
import { describeCounts, formatCounts, sumCounts } from "../../../cli/setup/results.mjs";
import { countsInText, vitestCounts } from "../../../cli/setup/test-counts.mjs";

describe("vitest's counts", () => {
  const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 2, testResults: [] };

  it("are those of its report", () => {
    expect(vitestCounts(report, 0)).toMatchObject({ passed: 5, failed: 0, skipped: 2 });
  });

  it("count a file that could not be loaded as failed, by name", () => {
    const name = join(repoDir, "test/broken.test.ts");
    const broken = { ...report, testResults: [{ status: "failed", name, assertionResults: [] }] };

    const counts = { runner: "vitest", ...vitestCounts(broken, 1) };

    expect(describeCounts(counts)).toBe(
      "vitest: 5 passed, 1 failed, 2 skipped\n  failed: test/broken.test.ts: cannot be loaded, or made ready",
    );
  });

  it("count a file whose tests were skipped because it could not be made ready", () => {
    const name = join(repoDir, "test/broken.test.ts");
    const assertionResults = [{ fullName: "a is b", status: "skipped", failureMessages: [] }];
    const broken = { ...report, testResults: [{ status: "failed", name, assertionResults }] };

    expect(vitestCounts(broken, 1).failures).toEqual([
      "test/broken.test.ts: cannot be loaded, or made ready",
    ]);
  });

  it("name what failed, and what passed only when it was tried again", () => {
    const name = join(repoDir, "test/a.test.ts");
    const assertionResults = [
      { fullName: " a is b", status: "failed", failureMessages: ["a is c"] },
      { fullName: "b is c", status: "passed", failureMessages: ["b was d"] },
      { fullName: "c is d", status: "passed", failureMessages: [] },
    ];
    const failed = {
      ...report,
      numFailedTests: 1,
      testResults: [{ status: "failed", name, assertionResults }],
    };

    expect(describeCounts({ runner: "vitest", ...vitestCounts(failed, 1) })).toBe(
      [
        "vitest: 5 passed, 1 failed, 2 skipped",
        "  failed: test/a.test.ts: a is b",
        "  passed only when tried again: test/a.test.ts: b is c",
      ].join("\n"),
    );
  });

  it("count an error outside any test as failed", () => {
    expect(vitestCounts(report, 1).failed).toBe(1);
  });

  it("are one failure without a report", () => {
    expect(vitestCounts(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
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
