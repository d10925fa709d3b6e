import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repoDir } from "../../../cli/setup/paths.mjs";

const RUN_TESTS = join(repoDir, "test/native/run-tests");
/** As gtest ends when one of three fails. */
const FAILED = `cat <<'.'
[  PASSED  ] 2 tests.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Clock.Ticks/0, where GetParam() = 3
 1 FAILED TEST
.
exit 1`;

/** The half that fails, and the other one. */
const halves = (/** @type {string} */ script, index = 0) =>
  `if [ "\${GTEST_SHARD_INDEX:-${index}}" != ${index} ]; then echo '[  PASSED  ] 4 tests.'; exit 0; fi\n${script}`;

describe("the runner of native tests", () => {
  /** @type {string} */
  let dir;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-runner-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /**
   * @param {string} script what the program does
   * @param {string} ci
   */
  function run(script, ci) {
    const program = join(dir, "native-tests");
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const env = { ...process.env, CI: ci, GTEST_FILTER: "" };
    try {
      return { code: 0, text: execFileSync(RUN_TESTS, [program], { env, encoding: "utf8" }) };
    } catch (error) {
      const { status, stdout } = /** @type {{ status: number, stdout: string }} */ (error);
      return { code: status, text: stdout };
    }
  }

  const once = `if [ "$GTEST_FILTER" = Clock.Ticks/0 ]; then exit 0; fi\n${FAILED}`;

  it("tries what failed once more in CI, and says so", () => {
    const { code, text } = run(halves(once), "true");
    expect(code).toBe(0);
    expect(text).toContain("native: passed only when tried again: Clock.Ticks/0");
    expect(text).toMatch(/native: 7 passed, 0 failed\n$/);
  });

  it.each([
    ["at a desk", once, ""],
    ["when it fails again", FAILED, "true"],
    ["when a sanitizer has something to say", `echo 'ThreadSanitizer: data race'\n${once}`, "true"],
  ])("leaves it as failed %s", (_, script, ci) => {
    for (const half of [0, 1]) {
      const { code, text } = run(halves(script, half), ci);
      expect(code).toBe(1);
      expect(text).toMatch(/native: 6 passed, 1 failed\n$/);
    }
  });

  it("counts a crash", () => {
    const { code, text } = run("echo 'Segmentation fault'; exit 139", "true");
    expect(code).toBe(139);
    expect(text).toMatch(/native: 0 passed, 1 failed\n$/);
  });
});
