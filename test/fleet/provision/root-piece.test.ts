import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONF, NVPMODEL, RootHarness } from "./root-harness.ts";

describe("the piece that has root's rights", () => {
  let board: RootHarness;
  const ask = (...args: string[]) => board.ask(...args);

  beforeEach(() => {
    board = new RootHarness();
    board.write("nvpmodel.conf", CONF);
    board.write("mode", "MAXN\n");
    board.tool("nvpmodel", NVPMODEL);
  });
  afterEach(() => board.dispose());

  test("says the mode, sets one by its name, and goes back to the first one", () => {
    expect(ask("power-mode")).toBe("ok MAXN\n");
    expect(ask("power-mode", "MAXQ")).toBe("ok MAXQ\n");
    expect(board.read("former-power-mode")).toBe("MAXN\n");
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
    expect(board.has("former-power-mode")).toBe(false);
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
    expect(board.read("calls")).toBe("set 1\nset 0\n");
  });

  test("never lets a board reboot for a mode, and says that it may want to", () => {
    expect(ask("power-mode", "REBOOTS")).toMatch(
      /^refused POWER_MODE nvpmodel stays in MAXN, it may want a reboot: NVPM: reboot required/,
    );
    expect([board.read("calls"), board.has("former-power-mode")]).toEqual(["set 2\n", false]);
  });

  test("sets nothing where nvpmodel does not say what is, for nothing could be put back", () => {
    board.write("mode", "");
    expect(ask("power-mode", "MAXQ")).toMatch(/^refused POWER_MODE nvpmodel does not say/);
    expect([board.read("calls"), board.has("former-power-mode")]).toEqual(["", false]);
  });

  test.each<[string, string[], RegExp]>([
    ["nothing", [], /^refused USAGE expected power-mode, clocks/],
    ["another verb", ["install", "/tmp/x"], /^refused USAGE expected power-mode, clocks/],
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
    expect([board.read("calls"), board.has("former-power-mode")]).toEqual(["", false]);
    expect(board.read("mode")).toBe("MAXN\n");
  });

  test("goes by names alone where the former mode's file is spoilt", () => {
    board.write("former-power-mode", "$(reboot); MAXQ\n");
    expect(ask("restore-power-mode")).toBe(
      "gone the board lists no mode rebootMAXQ any more and stays in MAXN\n",
    );
    expect(board.read("calls")).toBe("");
    expect(ask("restore-power-mode")).toBe("ok MAXN\n");
  });

  test("says what is missing on a board without power modes", () => {
    board.remove("nvpmodel.conf");
    expect(ask("power-mode", "MAXQ")).toMatch(/^refused POWER_MODE this board has no/);
  });
});
