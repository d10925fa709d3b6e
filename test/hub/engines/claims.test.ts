import { describe, expect, it } from "vitest";
import {
  afterEvent,
  type Claim,
  type ClaimEvent,
  LEASE_MS,
} from "../../../fleet/hub/engines/claims.ts";

const T = 1_000_000;
const HELD: Claim = { device: "a", untilMs: T + 10, progress: 0.4, phase: "timing" };
const ask = (device: string): ClaimEvent => ({ type: "ask", device, atMs: T });
const progress = (device: string): ClaimEvent => ({
  ...{ type: "progress", device, atMs: T, progress: 0.7, phase: "writing" },
});
const end = (device: string): ClaimEvent => ({ type: "end", device, atMs: T });
const FRESH = { progress: 0, phase: "about to build", untilMs: T + LEASE_MS };
const TOLD = { progress: 0.7, phase: "writing", untilMs: T + LEASE_MS };

describe("the claim of an engine", () => {
  const rows: [string, Claim | null, ClaimEvent, Claim | null][] = [
    ["free, asked", null, ask("b"), { device: "b", ...FRESH }],
    ["free, of one who builds since before", null, progress("b"), { device: "b", ...TOLD }],
    ["free, ended", null, end("b"), null],
    ["held, asked by the holder", HELD, ask("a"), { ...HELD, untilMs: T + LEASE_MS }],
    ["held, asked by another", HELD, ask("b"), HELD],
    ["held, progress of the holder", HELD, progress("a"), { device: "a", ...TOLD }],
    ["held, progress of another", HELD, progress("b"), HELD],
    ["held, ended by the holder", HELD, end("a"), null],
    ["held, ended by another", HELD, end("b"), HELD],
    ["over, asked by another", { ...HELD, untilMs: T }, ask("b"), { device: "b", ...FRESH }],
    ["over, ended by another", { ...HELD, untilMs: T }, end("b"), null],
    [
      "over, progress of the holder",
      { ...HELD, untilMs: T },
      progress("a"),
      { device: "a", ...TOLD },
    ],
    ["over, progress of another", { ...HELD, untilMs: T }, progress("b"), { device: "b", ...TOLD }],
  ];
  it.each(rows)("%s", (_, before, event, after) => {
    expect(afterEvent(before, event)).toEqual(after);
  });
});
