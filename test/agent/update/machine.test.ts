import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isSettled,
  MAX_RESUMES,
  type Target,
  transition,
  Update,
  type UpdateEvent,
} from "../../../agent/update/machine.ts";
import type { ReportedError } from "../../../fleet/contract/index.ts";
import { targetOn } from "../support/targets.ts";

const error: ReportedError = { code: "INTERNAL", message: "m", hint: "h", atMs: 1 };
const target: Target = targetOn("one", 3);
const other: Target = targetOn("two", 4);

const WORK = ["fetching", "verifying", "building", "testing", "swapping", "watching"] as const;
const working = WORK.map((state): Update => ({ state, target, resumes: 0, sinceMs: 0 }));
const { version: _version, ...committed } = target;
const STATES: Update[] = [
  { state: "idle", sinceMs: 0 },
  ...working,
  { state: "committed", ...committed, sinceMs: 0 },
  { state: "rolling-back", target, error, sinceMs: 0 },
  { state: "rolled-back", target, error, sinceMs: 0 },
];

const EVENTS: UpdateEvent[] = [
  { type: "requested", target: other },
  { type: "kept", target: other },
  { type: "done" },
  { type: "failed", error },
  { type: "resumed" },
];

/** States in which nothing is on trial and nothing is taken back. */
const FREE = [
  "idle",
  "fetching",
  "verifying",
  "building",
  "testing",
  "committed",
  "rolled-back",
] as const;

/** The table of the module's head, without the cells that say "does nothing". */
const TABLE: Record<string, string> = {
  ...Object.fromEntries(FREE.map((state) => [`${state} requested`, "fetching"])),
  ...Object.fromEntries(FREE.map((state) => [`${state} kept`, "committed"])),
  ...Object.fromEntries(WORK.map((state) => [`${state} failed`, "rolling-back"])),
  ...Object.fromEntries(WORK.map((state) => [`${state} resumed`, "fetching"])),
  "swapping resumed": "swapping",
  "watching resumed": "watching",
  "fetching done": "verifying",
  "verifying done": "building",
  "building done": "testing",
  "testing done": "swapping",
  "swapping done": "watching",
  "watching done": "committed",
  "rolling-back done": "rolled-back",
};

describe("the update of a pipeline", () => {
  const cells = STATES.flatMap((update) => EVENTS.map((event) => ({ update, event })));

  it.each(cells)("$update.state on $event.type goes where the table says", ({ update, event }) => {
    const next = transition(update, event, 7);
    const expected = TABLE[`${update.state} ${event.type}`];
    if (expected === undefined) expect(next).toBe(update);
    else expect(next).toMatchObject({ state: expected, sinceMs: 7 });
  });

  it("begins what is requested from zero wherever it can begin", () => {
    for (const update of STATES.filter(({ state }) => FREE.some((free) => free === state))) {
      expect(transition(update, { type: "requested", target: other }, 7)).toEqual({
        state: "fetching",
        target: other,
        resumes: 0,
        sinceMs: 7,
      });
    }
  });

  it("is given up when the agent never survives it", () => {
    for (const begin of working) {
      let update = begin;
      for (let i = 0; i < MAX_RESUMES; i += 1) update = transition(update, { type: "resumed" }, 1);
      expect(update).toMatchObject({ resumes: MAX_RESUMES });
      expect(transition(update, { type: "resumed" }, 1)).toMatchObject({
        state: "rolling-back",
        target,
        error: { code: "UPDATE_LOOP" },
      });
    }
  });

  it("keeps its count of resumes until it is settled", () => {
    const resumed: Update = { state: "testing", target, resumes: 4, sinceMs: 0 };
    expect(transition(resumed, { type: "done" }, 1)).toMatchObject({ resumes: 4 });
  });

  it("only ever commits what was watched, and survives being written and read", () => {
    const events = fc.array(fc.constantFrom(...EVENTS.filter(({ type }) => type !== "kept")));
    fc.assert(
      fc.property(events, (list) => {
        let update: Update = { state: "idle", sinceMs: 0 };
        for (const event of list) {
          const next = transition(update, event, 1);
          if (next.state === "committed" && next !== update) expect(update.state).toBe("watching");
          expect(Update.parse(JSON.parse(JSON.stringify(next)))).toEqual(next);
          update = next;
        }
      }),
    );
  });

  it("is settled in its three ends only", () => {
    const settled = STATES.filter(isSettled).map(({ state }) => state);
    expect(settled).toEqual(["idle", "committed", "rolled-back"]);
  });
});
