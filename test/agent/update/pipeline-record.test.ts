import { describe, expect, it } from "vitest";
import type { UpdateEvent, Working } from "../../../agent/update/machine.ts";
import {
  advance,
  NEW_PIPELINE,
  type PipelineRecord,
} from "../../../agent/update/pipeline-record.ts";
import { targetOn } from "../support/targets.ts";

const t1 = targetOn("one", 1);
const t2 = targetOn("two", 2);
const t3 = targetOn("three", 3);
const [v1, v2, v3] = [t1.version, t2.version, t3.version];
const done: UpdateEvent = { type: "done" };
const failed: UpdateEvent = {
  type: "failed",
  error: { code: "MODEL_INVALID", message: "m", hint: "h", atMs: 1 },
};

function during(state: Working["state"], change: Partial<PipelineRecord> = {}): PipelineRecord {
  const update = { state, target: t2, resumes: 0, sinceMs: 0 };
  return { ...NEW_PIPELINE, active: v1, update, ...change };
}

const trial = { former: v1, formerFps: 15 };

describe("what is remembered of a pipeline", () => {
  it("says that the new version is at work, and what to go back to, before it is put to work", () => {
    expect(advance(during("testing"), done, 15, 7)).toMatchObject({
      update: { state: "swapping" },
      active: v2,
      trial,
    });
  });

  it("has nothing to go back to where nothing ran", () => {
    const first = during("testing", { active: null });
    expect(advance(first, done, null, 7)).toMatchObject({
      active: v2,
      trial: { former: null, formerFps: null },
    });
  });

  it("goes back on disk before it does so at work", () => {
    const watching = during("watching", { active: v2, trial });
    expect(advance(watching, failed, 0, 7)).toMatchObject({
      update: { state: "rolling-back" },
      active: v1,
      trial: null,
    });
  });

  it("lets nothing begin while a version is on trial", () => {
    const half = during("watching", { active: v2, trial });
    expect(advance(half, { type: "requested", target: t3 }, 15, 7)).toBe(half);
    expect(advance(half, { type: "kept", target: t3 }, 15, 7)).toBe(half);
  });

  it("begins what has waited for the outcome once that is there", () => {
    const proven = advance(during("watching", { active: v2, trial, next: t3 }), done, 15, 7);
    expect(proven).toMatchObject({ update: { state: "committed" }, next: t3 });
    const begun = advance(proven, { type: "requested", target: t3 }, 15, 8);
    expect(begun).toMatchObject({
      active: v2,
      next: null,
      update: { state: "fetching", target: t3 },
    });
  });

  it("keeps the objects of the version before once the new one is committed", () => {
    const watching = during("watching", { active: v2, trial });
    expect(advance(watching, done, 15, 7)).toMatchObject({
      update: { state: "committed", part: t2.part, set: t2.set },
      trial: null,
      previousObjects: [v1.model.digest],
    });
    const same = during("watching", {
      active: v1,
      trial,
      previousObjects: [v3.model.digest],
    });
    expect(advance(same, done, 15, 7).previousObjects).toEqual([v3.model.digest]);
  });

  it("stays on trial over a restart", () => {
    const watching = during("watching", { active: v2, trial });
    expect(advance(watching, { type: "resumed" }, null, 7)).toMatchObject({
      update: { state: "watching", resumes: 1 },
      active: v2,
      trial,
    });
  });

  it("is the very same after an event that does nothing", () => {
    expect(advance(NEW_PIPELINE, done, 15, 7)).toBe(NEW_PIPELINE);
  });
});
