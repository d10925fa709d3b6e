import { describe, expect, test } from "vitest";
import type { Presence, Reported } from "../../../fleet/contract/index.ts";
import { judgeOnline } from "../../../infra/provider/await/agent-online.ts";
import {
  countFrames,
  judgeRunning,
  type PipelineView,
} from "../../../infra/provider/await/pipeline-running.ts";
import { nearestName } from "../../../infra/provider/check.ts";
import {
  composeDesired,
  withoutPipeline,
  withPipeline,
} from "../../../infra/provider/resources/desired.ts";
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

describe("the desired document", () => {
  const model = {
    name: "m",
    digest: `sha256:${"a".repeat(64)}`,
    sizeBytes: 1,
    labels: ["x"],
    decoder: "yolox" as const,
  };
  const spec = (name: string) => ({
    name,
    sources: { cam: { uri: "rtsp://c/", transport: "tcp" as const, loop: false } },
    detect: { model: "m", minScore: 0.4, nmsIou: 0.45 },
    sinks: { mqtt: {} },
  });
  const empty = { pipelines: [], models: [] };

  test("is the same whatever the order in which pipelines were added", () => {
    const one = withPipeline(withPipeline(empty, spec("a"), model).content, spec("b"), model);
    const other = withPipeline(withPipeline(empty, spec("b"), model).content, spec("a"), model);
    expect(one.content).toEqual(other.content);
  });

  test("replaces a model when its only pipeline has another", () => {
    const first = withPipeline(empty, spec("a"), model).content;
    const next = withPipeline(first, spec("a"), { ...model, sizeBytes: 2 }).content;
    expect(next.models).toEqual([{ ...model, sizeBytes: 2 }]);
  });

  test("drops a model with its last pipeline", () => {
    const two = withPipeline(
      withPipeline(empty, spec("a"), model).content,
      spec("b"),
      model,
    ).content;
    expect(withoutPipeline(two, "a").models).toHaveLength(1);
    expect(withoutPipeline(withoutPipeline(two, "a"), "b")).toEqual(empty);
  });

  test("carries the plans of its pipelines and of no others", () => {
    const plan = (summary: string) => ({ verdict: "runs" as const, summary, basis: [] });
    const one = withPipeline(empty, spec("a"), model, plan("one")).content;
    const both = withPipeline(one, spec("b"), model).content;
    expect(both.plans).toEqual({ a: plan("one") });
    const again = withPipeline(both, spec("a"), model, plan("two")).content;
    expect(again.plans).toEqual({ a: plan("two") });
    // What was planned for another version is no plan of this one.
    expect(withPipeline(again, spec("a"), model).content).not.toHaveProperty("plans");
    expect(withoutPipeline(again, "a")).not.toHaveProperty("plans");
    const base = { fleet: "f", device: "d", board: "tx2" as const, artifactUrl: "http://hub" };
    expect(composeDesired(base, again, null, null, 1).plans).toEqual({ a: plan("two") });
  });

  test("has a generation above both the document before and what the device accepted", () => {
    const base = { fleet: "f", device: "d", board: "tx2" as const, artifactUrl: "http://hub" };
    const compose = (previous: number | null, reported: number) =>
      composeDesired(
        base,
        empty,
        previous === null ? null : ({ generation: previous } as never),
        { generation: reported } as never,
        1,
      ).generation;
    expect([compose(null, 0), compose(4, 2), compose(null, 9)]).toEqual([1, 5, 10]);
  });
});

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
  const goal = { device: "d", pipeline: "p", generation: 3, specDigest: "s", errorBeforeAtMs: 5 };
  const running = { name: "p", state: "running", specDigest: "s", error: null };
  const view = (reported: object, online = true): PipelineView => ({
    presence: { online, bootId: "b", seq: 1, atMs: 1 },
    reported: {
      generation: 3,
      update: { state: "committed" },
      pipelines: [running],
      error: null,
      ...reported,
    } as unknown as Reported,
    frames: null,
  });
  const error = (code: string, atMs = 9) => ({ code, message: "said", hint: "do", atMs });

  test.each<[string, object, string, string]>([
    ["an older generation", { generation: 2 }, "waiting", "has not yet accepted"],
    [
      "an error from before",
      { generation: 2, error: error("DESIRED_UNSIGNED", 5) },
      "waiting",
      "has not yet accepted",
    ],
    ["a new final error", { generation: 2, error: error("DESIRED_UNSIGNED") }, "failed", "said"],
    [
      "a new error that may pass",
      { generation: 2, error: error("HUB_UNREACHABLE") },
      "waiting",
      "said",
    ],
    [
      "a fetch",
      { pipelines: [], update: { state: "fetching", fetchedBytes: 40, totalBytes: 100 } },
      "waiting",
      "fetching 40 %",
    ],
    [
      "a roll-back",
      { pipelines: [], update: { state: "rolled-back" }, error: error("ARTIFACT_FETCH") },
      "failed",
      "said",
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
