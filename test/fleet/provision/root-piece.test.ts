import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FORMER_POWER_MODE, POWER_MODES_FILE } from "../../../fleet/provision/layout.ts";
import { ROOT_PIECE } from "../../../fleet/provision/runtime/root-piece.ts";

const CONF = `# nvpmodel
< POWER_MODEL ID=0 NAME=MAXN >
CPU_A57 MAX_FREQ 2035200
< POWER_MODEL ID=1 NAME=MAXQ >
< POWER_MODEL ID=2 NAME=REBOOTS >
< PM_CONFIG DEFAULT=0 >
`;

/** Remembers its mode in a file; mode 2 asks for a reboot and, told no, stays where it is. */
const NVPMODEL = (folder: string) => `#!/bin/sh
case "$1" in
  -q) echo "NVPM WARN: fan mode is not set!"; echo "NV Power Mode: $(cat ${folder}/mode)"; echo 0 ;;
  -m) echo "set $2" >> ${folder}/calls
      case "$2" in
        0) echo MAXN > ${folder}/mode ;;
        1) echo MAXQ > ${folder}/mode ;;
        2) read answer; [ "$answer" = NO ] && echo "NVPM: reboot required"; exit 1 ;;
      esac ;;
esac
`;

describe("the piece that has root's rights", () => {
  let folder: string;
  let script: string;
  const file = (name: string) => join(folder, name);
  const ask = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync("sh", [script, ...args], { encoding: "utf8" });
    expect([stderr, status]).toEqual(["", 0]);
    return stdout;
  };
  const calls = () => (existsSync(file("calls")) ? readFileSync(file("calls"), "utf8") : "");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "jetfleet-root-"));
    script = file("root.sh");
    writeFileSync(file("nvpmodel.conf"), CONF);
    writeFileSync(file("mode"), "MAXN\n");
    writeFileSync(file("nvpmodel"), NVPMODEL(folder), { mode: 0o755 });
    const text = ROOT_PIECE.replaceAll(POWER_MODES_FILE, file("nvpmodel.conf"))
      .replaceAll(FORMER_POWER_MODE, file("former"))
      .replace("PATH=", `PATH=${folder}:`);
    writeFileSync(script, text);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("says the mode, sets one by its name, and goes back to the first one", () => {
    expect(ask("power-mode")).toBe("ok MAXN\n");
    expect(ask("power-mode", "MAXQ")).toBe("ok MAXQ\n");
    expect(readFileSync(file("former"), "utf8")).toBe("MAXN\n");
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
    expect(existsSync(file("former"))).toBe(false);
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
    expect(calls()).toBe("set 1\nset 0\n");
  });

  test("never lets a board reboot for a mode, and says that it may want to", () => {
    expect(ask("power-mode", "REBOOTS")).toMatch(
      /^refused POWER_MODE nvpmodel stays in MAXN, it may want a reboot: NVPM: reboot required/,
    );
    expect([calls(), existsSync(file("former"))]).toEqual(["set 2\n", false]);
  });

  test("sets nothing where nvpmodel does not say what is, for nothing could be put back", () => {
    writeFileSync(file("mode"), "");
    expect(ask("power-mode", "MAXQ")).toMatch(/^refused POWER_MODE nvpmodel does not say/);
    expect([calls(), existsSync(file("former"))]).toEqual(["", false]);
  });

  test.each<[string, string[], RegExp]>([
    ["nothing", [], /^refused USAGE expected power-mode or/],
    ["another verb", ["install", "/tmp/x"], /^refused USAGE expected power-mode or/],
    ["a verb with more behind it", ["power-mode;reboot"], /^refused USAGE/],
    ["an option", ["-m", "0"], /^refused USAGE/],
    ["two modes", ["power-mode", "MAXQ", "MAXN"], /^refused USAGE 1 arguments expected, 2 given/],
    ["an empty mode", ["power-mode", ""], /^refused USAGE a mode's name expected/],
    ["an option for a mode", ["power-mode", "-m"], /^refused USAGE a mode's name/],
    ["a command for a mode", ["power-mode", "$(touch x)"], /^refused USAGE a mode's name/],
    ["a pattern for a mode", ["power-mode", ".*"], /^refused USAGE a mode's name/],
    ["lines for a mode", ["power-mode", "MAXQ\nMAXN"], /^refused USAGE a mode's name/],
    ["a huge mode", ["power-mode", "M".repeat(100_000)], /^refused USAGE .* at most 64/],
    ["a number", ["power-mode", "1"], /^refused POWER_MODE expected one of MAXN MAXQ REBOOTS but/],
    ["part of a name", ["power-mode", "MAX"], /^refused POWER_MODE expected one of/],
    ["restoring into a mode", ["restore-power-mode", "MAXQ"], /^refused USAGE 0 arguments/],
  ])("refuses %s, and nothing is set", (_what, args, expected) => {
    expect(ask(...args)).toMatch(expected);
    expect([calls(), existsSync(file("former"))]).toEqual(["", false]);
    expect(readFileSync(file("mode"), "utf8")).toBe("MAXN\n");
  });

  test("goes by names alone where the former mode's file is spoilt", () => {
    writeFileSync(file("former"), "$(reboot); MAXQ\n");
    expect(ask("restore-power-mode")).toBe(
      "gone the board lists no mode rebootMAXQ any more and stays in MAXN\n",
    );
    expect(calls()).toBe("");
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
  });

  test("says what is missing on a board without power modes", () => {
    rmSync(file("nvpmodel.conf"));
    expect(ask("power-mode", "MAXQ")).toMatch(/^refused POWER_MODE this board has no/);
  });
});
