import { describe, expect, it } from "vitest";
import { advance } from "../../../agent/update/advance.ts";
import { type DeviceState, INITIAL_STATE } from "../../../agent/update/device-state.ts";
import { setDigestOf } from "../../../fleet/release/index.ts";
import { versionOf } from "../support/desired.ts";

const v1 = versionOf("entrance", "one");
const v2 = versionOf("entrance", "two");
const v3 = versionOf("entrance", "three");
const set = setDigestOf([v2.model]);
const done = { type: "done" } as const;

function during(state: "testing" | "swapping" | "watching", change: Partial<DeviceState>) {
  const update = { state, generation: 2, resumes: 0, sinceMs: 0 };
  return { ...INITIAL_STATE, generation: 2, update, active: [v1], ...change };
}

describe("the state of the device", () => {
  it("remembers what ran when an update begins to swap", () => {
    expect(advance(during("testing", {}), done, set, 7)).toMatchObject({
      update: { state: "swapping" },
      before: [v1],
    });
  });

  it("keeps what was whole when a newer update takes over from one half done", () => {
    const half = during("watching", { active: [v2], before: [v1] });
    const newer = advance(half, { type: "accepted", generation: 3 }, set, 7);
    expect(newer).toMatchObject({ generation: 3, before: [v1] });
    expect(advance(during("testing", { active: [v2], before: [v1] }), done, set, 7)).toMatchObject({
      before: [v1],
    });
  });

  it("names the new set, and the objects of the one before, once it is committed", () => {
    const watching = during("watching", { active: [v2], before: [v1] });
    expect(advance(watching, done, set, 7)).toMatchObject({
      update: { state: "committed" },
      setDigest: set,
      previousObjects: [v1.model.digest],
      before: null,
    });
    const same = during("watching", { before: [v1], previousObjects: [v3.model.digest] });
    expect(advance(same, done, set, 7).previousObjects).toEqual([v3.model.digest]);
  });

  it("is the very same after an event that does nothing", () => {
    expect(advance(INITIAL_STATE, done, set, 7)).toBe(INITIAL_STATE);
  });
});
