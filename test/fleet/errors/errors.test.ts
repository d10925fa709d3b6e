import { describe, expect, it } from "vitest";
import {
  asFleetError,
  describeError,
  ERROR_CODES,
  FleetError,
  isFleetError,
  reworded,
} from "../../../fleet/errors/index.ts";

describe("FleetError", () => {
  it("takes hint and retryable from the table unless told otherwise", () => {
    const plain = new FleetError("SSH_AUTH", "no");
    expect([plain.hint, plain.retryable]).toEqual([ERROR_CODES.SSH_AUTH.hint, false]);
    const special = new FleetError("SSH_AUTH", "no", { hint: "look there", retryable: true });
    expect([special.hint, special.retryable]).toEqual(["look there", true]);
  });

  it("shows code, message, causes once each, and the next step", () => {
    const cause = new Error("connect failed", { cause: new Error("ECONNREFUSED") });
    const text = describeError(
      new FleetError("HUB_UNREACHABLE", "Expected a hub at x but got nothing", { cause }),
    );
    expect(text.split("\n")).toEqual([
      "HUB_UNREACHABLE: Expected a hub at x but got nothing",
      "  caused by: connect failed",
      "  caused by: ECONNREFUSED",
      `  next: ${ERROR_CODES.HUB_UNREACHABLE.hint}`,
    ]);
  });

  it("survives causes that form a ring", () => {
    const a = new Error("a");
    const b = new Error("b", { cause: a });
    a.cause = b;
    expect(describeError(a)).toContain("caused by: b");
  });

  it("stays the same failure in other words", () => {
    const options = { hint: "look", retryable: true, cause: new Error("x"), context: { a: 1 } };
    const error = new FleetError("SSH_AUTH", "no", options);
    expect(reworded(error, {})).toEqual(error);
    const other = reworded(error, { message: "no, here", hint: "look there", context: { b: 2 } });
    const stays = { code: "SSH_AUTH", retryable: true, cause: options.cause };
    expect(other).toMatchObject({ ...stays, message: "no, here", hint: "look there" });
    expect(other.context).toEqual({ a: 1, b: 2 });
  });

  it("keeps a FleetError as it is and wraps anything else as INTERNAL with its cause", () => {
    const known = new FleetError("USAGE", "x");
    expect(asFleetError(known, "testing")).toBe(known);
    const wrapped = asFleetError("boom", "testing");
    expect(isFleetError(wrapped, "INTERNAL")).toBe(true);
    expect(wrapped.message).toBe("boom (while testing)");
  });
});
