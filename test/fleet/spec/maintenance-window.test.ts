import { describe, expect, it } from "vitest";
import { MaintenanceWindow, opensNext } from "../../../fleet/spec/index.ts";

const NIGHT = { from: "22:00", to: "04:30" };
const MORNING = { from: "02:00", to: "04:00" };

describe("a maintenance window", () => {
  it.each([
    ["before it", MORNING, "2026-11-27T01:59Z", "fri 02:00 (UTC)"],
    ["at its first minute", MORNING, "2026-11-27T02:00Z", null],
    ["in its last minute", MORNING, "2026-11-27T03:59Z", null],
    ["at its end", MORNING, "2026-11-27T04:00Z", "sat 02:00 (UTC)"],
    ["over midnight", NIGHT, "2026-11-27T23:00Z", null],
    ["in the morning after", NIGHT, "2026-11-28T04:29Z", null],
    ["by day", NIGHT, "2026-11-28T12:00Z", "sat 22:00 (UTC)"],
    [
      "on a day that is none",
      { ...MORNING, days: ["sun"] },
      "2026-11-27T03:00Z",
      "sun 02:00 (UTC)",
    ],
    ["begun the day before", { ...NIGHT, days: ["sat"] }, "2026-11-29T01:00Z", null],
    [
      "not begun the day before",
      { ...NIGHT, days: ["sun"] },
      "2026-11-29T01:00Z",
      "sun 22:00 (UTC)",
    ],
    [
      "over the end of the week",
      { ...NIGHT, days: ["sat"] },
      "2026-11-29T05:00Z",
      "sat 22:00 (UTC)",
    ],
    [
      "where it is an hour later",
      { ...MORNING, timeZone: "Europe/Zurich" },
      "2026-11-27T01:30Z",
      null,
    ],
    [
      "where summer makes it two",
      { ...MORNING, timeZone: "Europe/Zurich" },
      "2026-07-27T02:30Z",
      "tue 02:00 (Europe/Zurich)",
    ],
    [
      "across the date line",
      { ...MORNING, days: ["sat"], timeZone: "Pacific/Auckland" },
      "2026-11-27T13:30Z",
      null,
    ],
  ])("%s", (_what, window, at, expected) => {
    expect(opensNext(MaintenanceWindow.parse(window), Date.parse(at))).toBe(expected);
  });

  it.each([
    [{ from: "2:00", to: "04:00" }, "from", /such as 02:30/],
    [{ from: "02:00", to: "24:00" }, "to", /such as 02:30/],
    [{ from: "02:00", to: "02:00" }, "to", /another time than it begins/],
    [{ ...MORNING, timeZone: "Mars/Olympus" }, "timeZone", /such as Europe\/Zurich/],
    [{ ...MORNING, days: [] }, "days", /./],
    [{ ...MORNING, days: ["saturday"] }, "days", /sat/],
    [{ ...MORNING, every: "week" }, "", /every/],
  ])("refuses %j by %s", (window, path, message) => {
    const issues = MaintenanceWindow.safeParse(window).error?.issues ?? [];
    expect(issues.map((issue) => issue.path[0] ?? "")).toContain(path);
    expect(issues[0]?.message).toMatch(message);
  });
});
