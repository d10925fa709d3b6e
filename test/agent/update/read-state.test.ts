import { describe, expect, it } from "vitest";
import { type DeviceState, emptyState } from "../../../agent/update/device-state.ts";
import { NEW_PIPELINE, type PipelineRecord } from "../../../agent/update/pipeline-record.ts";
import { readState } from "../../../agent/update/read-state.ts";
import { versionOf } from "../support/desired.ts";
import { targetOn } from "../support/targets.ts";

const context = { nonce: "asked", nowMs: 7 };
const read = (document: unknown) => readState(JSON.stringify(document), context);
const v1 = versionOf("entrance", "one");
const v2 = versionOf("entrance", "two");
const yard = versionOf("yard", "one");

/** State version 1, as the former agent wrote it. */
function former(change: Record<string, unknown> = {}) {
  return {
    version: 1,
    generation: 5,
    update: { state: "committed", generation: 5, sinceMs: 3 },
    active: [v1, yard],
    before: null,
    setDigest: null,
    previousObjects: [v2.model.digest],
    ...change,
  };
}

function whole(): DeviceState {
  const record: PipelineRecord = {
    ...NEW_PIPELINE,
    active: v1,
    update: { state: "fetching", target: targetOn("two", 2), resumes: 1, sinceMs: 3 },
  };
  return { ...emptyState("n"), artifactUrl: "http://hub", pipelines: { entrance: record } };
}

describe("a state file", () => {
  it("is read as it was written", () => {
    expect(read(whole())).toEqual({ how: "whole", state: whole() });
  });

  it("of version 2, which knew no building, is all there", () => {
    expect(read({ ...whole(), version: 2 })).toEqual({ how: "former", state: whole() });
  });

  it("of the former version leaves all that ran running, and the number of its document", () => {
    const { how, state } = read(former());
    expect(how).toBe("former");
    expect(state.memory).toMatchObject({ formerGeneration: 5, asks: "asked", digest: null });
    expect(state.pipelines).toMatchObject({
      entrance: { active: v1, trial: null, update: { state: "idle" } },
      yard: { active: yard, trial: null, update: { state: "idle" } },
    });
  });

  it("of the former version keeps on trial what was not committed yet", () => {
    const update = { state: "watching", generation: 5, resumes: 0, sinceMs: 3 };
    const { state } = read(former({ update, active: [v2, yard], before: [v1, yard] }));
    expect(state.pipelines["entrance"]).toMatchObject({
      active: v2,
      trial: { former: v1 },
      update: { state: "watching", target: { version: v2 } },
    });
    expect(state.pipelines["yard"]).toMatchObject({ trial: null, update: { state: "idle" } });
  });

  it("of the former version takes back what was being taken back", () => {
    const error = { code: "INTERNAL", message: "m", hint: "h", atMs: 1 };
    const update = { state: "rolling-back", generation: 5, error, restore: [v1], sinceMs: 3 };
    const { state } = read(former({ update, active: [v2], before: [v1] }));
    expect(state.pipelines["entrance"]).toMatchObject({ active: v1, trial: null });
  });

  it("of a newer version is not damaged: what runs is known, and its numbers, and it says so", () => {
    const newer = { ...whole(), version: 4, more: { of: "it" }, removedIn: "gone" };
    const result = read(newer);
    expect(result).toMatchObject({ how: "newer", version: 4 });
    expect(result.state.pipelines["entrance"]).toMatchObject({
      active: v1,
      update: { state: "idle" },
    });
    expect(result.state.memory).toEqual({ ...whole().memory, digest: null });
    expect(result).toMatchObject({ why: expect.stringMatching(/version 4.*all that ran runs on/) });
  });

  it("of a newer version names the pipelines that it cannot run", () => {
    const pipelines = { entrance: { active: v1 }, yard: { active: { spec: "of another kind" } } };
    const result = read({ ...whole(), version: 9, pipelines, memory: "of another kind" });
    expect(Object.keys(result.state.pipelines)).toEqual(["entrance"]);
    expect(result).toMatchObject({ how: "newer", why: expect.stringContaining("cannot run yard") });
    expect(result.state.memory.asks).toBe("asked");
  });

  it.each([
    ["is cut short", JSON.stringify(whole()).slice(0, 40)],
    ["is empty", ""],
    ["is no object", "[]"],
    ["has no version", "{}"],
    ["has a version that is no number", JSON.stringify({ ...whole(), version: "2" })],
    ["has an update that there is none of", JSON.stringify(whole()).replace("fetching", "flying")],
    ["is of the former version and not whole", JSON.stringify({ version: 1, active: [] })],
    ["is of a newer version and of another make", JSON.stringify({ version: 4 })],
    ["is huge", `{"version":2,"x":"${"x".repeat(5_000_000)}"}`],
    ["nests deeply", "[".repeat(200_000)],
  ])("that %s is lost, and the device asks for what it should run", (_what, text) => {
    const result = readState(text, context);
    expect(result).toMatchObject({
      how: "lost",
      state: { pipelines: {}, memory: { asks: "asked" } },
    });
  });
});
