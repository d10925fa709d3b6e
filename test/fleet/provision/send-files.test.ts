import { describe, expect, test } from "vitest";
import { isSlow } from "../../../fleet/provision/send-files.ts";

describe("a connection to a board", () => {
  test.each<[string, number, number, number, boolean]>([
    ["whose rate nobody knows yet", 0, 3_999, 150e6, false],
    ["that brought nothing", 0, 4_000, 150e6, true],
    ["of 10 Mbit/s with a whole runtime to go", 5e6, 4_000, 142e6, true],
    ["of 10 Mbit/s with little to go", 5e6, 4_000, 50e6, false],
    ["of 100 Mbit/s with a whole runtime to go", 50e6, 4_000, 97e6, false],
    ["with nothing to go", 5e6, 400_000, 0, false],
  ])("%s: slow or not", (_what, bytes, ms, leftBytes, expected) => {
    expect(isSlow(bytes, ms, leftBytes)).toBe(expected);
  });
});
