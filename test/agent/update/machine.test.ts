import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isSettled,
  MAX_RESUMES,
  transition,
  Update,
  type UpdateEvent,
} from "../../../agent/update/machine.ts";
import type { ReportedError } from "../../../fleet/contract/index.ts";
import { versionOf } from "../support/desired.ts";

const error: ReportedError = { code: "INTERNAL", message: "m", hint: "h", atMs: 1 };
const generation = 3;

const WORK = ["fetching", "verifying", "testing", "swapping", "watching"] as const;
const working = WORK.map((state): Update => ({ state, generation, resumes: 0, sinceMs: 0 }));
const STATES: Update[] = [
  { state: "idle", sinceMs: 0 },
  ...working,
  { state: "committed", generation, sinceMs: 0 },
  { state: "rolling-back", generation, error, restore: [], sinceMs: 0 },
  { state: "rolled-back", generation, error, sinceMs: 0 },
];

const EVENTS: UpdateEvent[] = [
  { type: "accepted", generation: 4 },
  { type: "done" },
  { type: "failed", error, restore: [] },
  { type: "resumed", before: [] },
];

/** The table of the module's head, without the cells that say "does nothing". */
const TABLE: Record<string, string> = {
  ...Object.fromEntries(STATES.map(({ state }) => [`${state} accepted`, "fetching"])),
  ...Object.fromEntries(WORK.map((state) => [`${state} failed`, "rolling-back"])),
  ...Object.fromEntries(WORK.map((state) => [`${state} resumed`, "fetching"])),
  "fetching done": "verifying",
  "verifying done": "testing",
  "testing done": "swapping",
  "swapping done": "watching",
  "watching done": "committed",
  "rolling-back done": "rolled-back",
};

describe("the update machine", () => {
  const cells = STATES.flatMap((update) => EVENTS.map((event) => ({ update, event })));

  it.each(cells)("$update.state on $event.type goes where the table says", ({ update, event }) => {
    const next = transition(update, event, 7);
    const expected = TABLE[`${update.state} ${event.type}`];
    if (expected === undefined) expect(next).toBe(update);
    else expect(next).toMatchObject({ state: expected, sinceMs: 7 });
  });

  it("begins a newer generation from zero whatever it was doing", () => {
    for (const update of STATES) {
      expect(transition(update, { type: "accepted", generation: 9 }, 7)).toEqual({
        state: "fetching",
        generation: 9,
        resumes: 0,
        sinceMs: 7,
      });
    }
  });

  it("gives up an update that the agent never survives, and goes back to what ran before", () => {
    const before = [versionOf("entrance", "one")];
    const resumed: UpdateEvent = { type: "resumed", before };
    let update: Update = { state: "watching", generation, resumes: 0, sinceMs: 0 };
    for (let i = 0; i < MAX_RESUMES; i += 1) update = transition(update, resumed, 1);
    expect(update).toMatchObject({ state: "fetching", resumes: MAX_RESUMES });
    expect(transition(update, resumed, 1)).toMatchObject({
      state: "rolling-back",
      error: { code: "UPDATE_LOOP" },
      restore: before,
    });
  });

  it("keeps a document that can be read back after any sequence of events, and settles on good ones", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (events) => {
        let update: Update = { state: "idle", sinceMs: 0 };
        for (const event of events) update = transition(update, event, 5);
        expect(Update.parse(JSON.parse(JSON.stringify(update)))).toEqual(update);
        for (const _state of WORK) update = transition(update, { type: "done" }, 6);
        expect(isSettled(update)).toBe(true);
      }),
    );
  });
});
