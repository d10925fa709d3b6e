import { describe, expect, test } from "vitest";
import type { EngineBuild, Presence, Reported } from "../../../fleet/contract/index.ts";
import { judgeOnline } from "../../../infra/provider/await/agent-online.ts";
import {
  countFrames,
  judgeRunning,
  type PipelineView,
} from "../../../infra/provider/await/pipeline-running.ts";
import { nearestName } from "../../../infra/provider/check.ts";
import {
  decodeProperties,
  encodeProperties,
  propertyPath,
  Secret,
  UNKNOWN,
} from "../../../infra/provider/rpc/values.ts";

describe("values", () => {
  test("survive the wire with unknowns and secrets at any depth", () => {
    const value = {
      a: [1, UNKNOWN, new Secret({ b: UNKNOWN })],
      c: new Secret("x"),
      d: null,
      e: true,
    };
    expect(decodeProperties(encodeProperties(value))).toEqual(value);
  });

  test.each([
    [["a", "b"], "a.b"],
    [["a", 0, "b"], "a[0].b"],
    [["a", "b.c"], 'a["b.c"]'],
    [["cam-1", "uri"], "cam-1.uri"],
  ])("at %j are named %s", (path, text) => {
    expect(propertyPath(path)).toBe(text);
  });
});

test.each([
  ["minscore", "minScore"],
  ["modle", "model"],
  ["priv", "privateKeyPath"],
  ["xyz", undefined],
])("the name nearest to %s is %s", (name, expected) => {
  expect(nearestName(name, ["model", "minScore", "privateKeyPath"])).toBe(expected);
});

const BUILD: EngineBuild = {
  ...{ model: "people", modelDigest: `sha256:${"a".repeat(64)}`, accelerator: "cpu" },
  ...{ phase: "optimising the graph", progress: 0.5, elapsedMs: 4000 },
  waitsFor: { code: "BOARD_HOT", message: "the board is hot", hint: "", atMs: 1 },
};

describe("online", () => {
  const presence = (bootId: string, online = true): Presence => ({
    online,
    bootId,
    seq: 1,
    atMs: 1,
  });
  const reported = (bootId: string) =>
    ({ bootId, agentVersion: "1", board: { node: "v24" } }) as Reported;

  test.each<[string, Presence | null, string | null, Presence | null, boolean, string]>([
    ["no birth", null, null, null, true, "waiting"],
    ["the birth from before a restart", presence("a"), "a", presence("a"), true, "waiting"],
    ["the same birth when nothing was restarted", presence("a"), "a", presence("a"), false, "done"],
    ["a new birth with the old report", presence("b"), "a", presence("a"), true, "waiting"],
    ["a new birth with its report", presence("b"), "b", presence("a"), true, "done"],
    ["a will", presence("b", false), "b", presence("a"), true, "waiting"],
  ])("with %s", (_what, now, report, before, restarted, expected) => {
    const view = {
      presence: now,
      reported: report === null ? null : reported(report),
      restarts: 0,
    };
    expect(judgeOnline(view, before, restarted).verdict).toBe(expected);
  });
});

describe("running", () => {
  const goal = { device: "d", pipeline: "p", part: "b", specDigest: "s", errorBeforeAtMs: 5 };
  const running = { name: "p", state: "running", specDigest: "s", error: null };
  const update = (change: object = {}) => ({
    pipeline: "p",
    part: { digest: "b" },
    state: "committed",
    error: null,
    ...change,
  });
  const before = { updates: [update({ part: { digest: "a" } })] };
  const view = (reported: object, online = true): PipelineView => ({
    presence: { online, bootId: "b", seq: 1, atMs: 1 },
    reported: {
      updates: [update()],
      pipelines: [running],
      error: null,
      ...reported,
    } as unknown as Reported,
    frames: null,
  });
  const error = (code: string, atMs = 9) => ({ code, message: "said", hint: "do", atMs });

  test.each<[string, object, string, string]>([
    ["the update to another part", before, "waiting", "has not yet accepted"],
    [
      "an error from before",
      { ...before, error: error("DESIRED_UNSIGNED", 5) },
      "waiting",
      "has not yet accepted",
    ],
    ["a new final error", { ...before, error: error("DESIRED_UNSIGNED") }, "failed", "said"],
    [
      "a new error that may pass",
      { ...before, error: error("HUB_UNREACHABLE") },
      "waiting",
      "said",
    ],
    [
      "a fetch",
      { updates: [update({ state: "fetching", fetchedBytes: 40, totalBytes: 100 })] },
      "waiting",
      "fetching 40 %",
    ],
    [
      "a build",
      { updates: [update({ state: "building", build: BUILD })] },
      "waiting",
      "building people for cpu: 50 %, optimising the graph, 4 s so far, time to go unknown; it waits: the board is hot",
    ],
    [
      "a roll-back",
      { updates: [update({ state: "rolled-back", error: error("ARTIFACT_FETCH") })] },
      "failed",
      "said",
    ],
    [
      "a refused part",
      { updates: [update({ state: "refused", error: error("PART_STALE") })] },
      "failed",
      "said",
    ],
    [
      "a neighbour that was rolled back",
      {
        updates: [
          update({ pipeline: "q", state: "rolled-back", error: error("MODEL_INVALID") }),
          update(),
        ],
      },
      "waiting",
      "first figures",
    ],
    [
      "the version before",
      { pipelines: [{ ...running, specDigest: "old" }] },
      "waiting",
      "update: committed",
    ],
    [
      "a camera that is away",
      { pipelines: [{ ...running, state: "failed", error: error("SOURCE_UNREACHABLE") }] },
      "waiting",
      "said",
    ],
    [
      "a refused password",
      { pipelines: [{ ...running, state: "failed", error: error("SOURCE_AUTH") }] },
      "failed",
      "said",
    ],
    [
      "one of several cameras away",
      {
        pipelines: [
          {
            ...running,
            error: error("SOURCE_UNREACHABLE"),
            sources: [
              { name: "door", state: "playing", error: null },
              { name: "gate", state: "lost", error: error("SOURCE_UNREACHABLE") },
            ],
          },
        ],
      },
      "waiting",
      "running with 1 of 2 sources; source gate is lost: said",
    ],
    [
      "a password that one of several cameras refuses",
      {
        pipelines: [
          {
            ...running,
            error: error("SOURCE_AUTH"),
            sources: [
              { name: "door", state: "playing", error: null },
              { name: "gate", state: "lost", error: error("SOURCE_AUTH") },
            ],
          },
        ],
      },
      "failed",
      "source gate: said",
    ],
    [
      "an error code of a newer agent",
      { pipelines: [{ ...running, state: "failed", error: error("NEW_CODE") }] },
      "waiting",
      "said",
    ],
    ["no figures yet", {}, "waiting", "first figures"],
  ])("with %s", (_what, reported, verdict, text) => {
    const judged = judgeRunning(goal, view(reported));
    expect(judged.verdict).toBe(verdict);
    expect(JSON.stringify("error" in judged ? judged.error.message : judged)).toContain(text);
  });

  test("needs ten frames over two seconds, counted from the version's own start", () => {
    const now = view({});
    const stats = (framesTotal: number) =>
      ({ name: "p", framesTotal, fps: 15, source: { state: "playing" } }) as never;
    const at = (framesTotal: number, ms: number) => {
      countFrames(goal, now, stats(framesTotal), ms);
      return judgeRunning(goal, now).verdict;
    };
    expect([at(100, 0), at(150, 1000), at(3, 1500), at(14, 2500), at(15, 3500)]).toEqual([
      "waiting",
      "waiting",
      "waiting",
      "waiting",
      "done",
    ]);
  });

  test("below its budget is told as the reason for some seconds, and then it runs all the same", () => {
    const slow = { ...goal, budget: { minFps: 20 } };
    const now = view({});
    const at = (framesTotal: number, ms: number) => {
      const source = { state: "playing" };
      countFrames(slow, now, { name: "p", framesTotal, fps: 8, source } as never, ms);
      return judgeRunning(slow, now);
    };
    const told = "running, 8.0 frames per second, below its budget of 20";
    at(0, 0);
    expect(at(16, 2000)).toEqual({ verdict: "waiting", reason: told });
    expect(at(40, 5000)).toEqual({ verdict: "done", text: told });
    expect(at(120, 6000)).toEqual({ verdict: "done", text: "running, 8.0 frames per second" });
  });

  test("does not count frames of the version before", () => {
    const before = view({ pipelines: [{ ...running, specDigest: "old" }] });
    countFrames(
      goal,
      before,
      { name: "p", framesTotal: 9, fps: 1, source: { state: "playing" } } as never,
      0,
    );
    expect(before.frames).toBeNull();
  });
});
