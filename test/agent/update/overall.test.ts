import { describe, expect, it } from "vitest";
import { type DeviceState, emptyState } from "../../../agent/update/device-state.ts";
import type { Update } from "../../../agent/update/machine.ts";
import { overallUpdate } from "../../../agent/update/overall.ts";
import { NEW_PIPELINE } from "../../../agent/update/pipeline-record.ts";
import { targetOn } from "../support/targets.ts";

const error = { code: "MODEL_INVALID", message: "m", hint: "h", atMs: 1 };

function working(state: "fetching" | "testing" | "watching", sinceMs = 5): Update {
  return { state, target: targetOn("x", 9), resumes: 0, sinceMs };
}

function committedIn(generation: number): Update {
  const { version: _version, ...names } = targetOn("x", generation);
  return { state: "committed", ...names, sinceMs: generation };
}

function undoneIn(
  generation: number,
  state: "rolling-back" | "rolled-back" = "rolled-back",
): Update {
  return { state, target: targetOn("x", generation), error, sinceMs: generation };
}

function word(updates: Update[], change: Partial<DeviceState> = {}): string {
  const records = updates.map((update, index) => [`p${index}`, { ...NEW_PIPELINE, update }]);
  const empty = emptyState("nonce");
  const memory = { ...empty.memory, generation: 9, digest: `sha256:${"0".repeat(64)}` };
  const pipelines = Object.fromEntries(records) as DeviceState["pipelines"];
  return overallUpdate({ ...empty, memory, pipelines, ...change }).state;
}

describe("the device's word for its updates", () => {
  it.each<[string, Update[], string]>([
    ["nothing runs", [], "committed"],
    ["all have what is wanted", [committedIn(3), committedIn(9)], "committed"],
    ["one is under way", [committedIn(9), working("testing")], "testing"],
    [
      "several are, and the least far counts",
      [working("watching"), working("fetching")],
      "fetching",
    ],
    ["one goes back", [committedIn(9), undoneIn(9, "rolling-back")], "rolling-back"],
    ["the one that changed was undone", [committedIn(3), undoneIn(9)], "rolled-back"],
    ["all that changed were undone", [undoneIn(9), undoneIn(9)], "rolled-back"],
    ["one of two that changed was undone", [committedIn(9), undoneIn(9)], "partly-applied"],
    ["another one changed since", [committedIn(9), undoneIn(8)], "partly-applied"],
  ])("when %s", (_when, updates, expected) => {
    expect(word(updates)).toBe(expected);
  });

  it("is partly applied when one was taken away and another undone", () => {
    expect(word([undoneIn(9)], { removedIn: 9 })).toBe("partly-applied");
    expect(word([undoneIn(9)], { removedIn: 8 })).toBe("rolled-back");
  });

  it("is idle before the first document", () => {
    expect(overallUpdate(emptyState("nonce")).state).toBe("idle");
  });
});
