import { describe, expect, it } from "vitest";
import { leftOutText } from "../../cli/render/left-out.ts";

describe("telemetry that is not shown", () => {
  it.each([
    [{ invalidMessages: 0, unknownValues: 0 }, null],
    [{ invalidMessages: 2, unknownValues: 0 }, "2 unreadable messages left out"],
    [
      { invalidMessages: 1, unknownValues: 1200 },
      "1 unreadable messages left out, 1,200 values of newer agents not known to this version",
    ],
  ])("is said on screens: %j", (hub, text) => {
    expect(leftOutText(hub)).toBe(text);
  });
});
