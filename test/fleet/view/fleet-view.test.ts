import { describe, expect, it } from "vitest";
import type { Presence } from "../../../fleet/contract/index.ts";
import {
  buildView,
  type FleetMessage,
  FleetView,
  NOTHING_HEARD,
  pipelineWords,
  reduce,
  updateProgress,
  updateUnderWay,
} from "../../../fleet/view/index.ts";
import { reportedOf, statsOf } from "../../cli/support/synthetic-device.ts";

const NOW = 1_800_000_000_000;
const online = (seq = 1, bootId = "boot"): Presence => ({ online: true, bootId, seq, atMs: NOW });

function viewAfter(messages: FleetMessage[], nowMs = NOW, connected = true): FleetView {
  const facts = messages.reduce(reduce, NOTHING_HEARD);
  const hub = {
    httpUrl: "http://hub",
    connected,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  const listeningSinceMs = NOW - 60_000;
  const view = buildView(facts, {
    fleet: "demo",
    hub,
    nowMs,
    monotonicMs: nowMs,
    listeningSinceMs,
  });
  return FleetView.parse(view);
}

const birth: FleetMessage = { type: "presence", device: "door", message: online(), atMs: NOW };
const report: FleetMessage = {
  type: "reported",
  device: "door",
  message: { ...reportedOf("door"), atMs: NOW - 9000 },
  atMs: null,
};
const figures: FleetMessage = { type: "stats", device: "door", message: statsOf(1), atMs: NOW };

function desired(generation: number, expiresAtMs?: number): FleetMessage {
  const spec = {
    name: "exit",
    sources: { cam: { uri: "rtsp://cam/1", transport: "tcp" as const, loop: false } },
    detect: { model: "scene", minScore: 0.4, nmsIou: 0.45 },
    sinks: { mqtt: {} },
  };
  const pipelines = [{ spec, model: null }];
  const until = expiresAtMs === undefined ? {} : { expiresAtMs };
  const message = { generation, issuedAtMs: NOW, ...until, pipelines, plans: {} };
  return { type: "desired", device: "door", message, atMs: null };
}

const DAY_MS = 24 * 3_600_000;

describe("what a device was told", () => {
  it.each([
    [45, []],
    [21, []],
    [19, ["warning"]],
    [-1, ["error"]],
  ])("and ends in %d days is a problem when the hub does not renew it", (days, severities) => {
    const view = viewAfter([birth, report, figures, desired(1, NOW + days * DAY_MS)]);
    const found = view.problems.filter(({ code }) => code === "HUB_NOT_CERTIFIED");
    expect(found.map(({ severity }) => severity)).toEqual(severities);
    expect(view.devices[0]?.desiredUntilMs).toBe(NOW + days * DAY_MS);
  });
});

describe("the fleet view", () => {
  it("is healthy when the device is online and its pipeline delivers frames", () => {
    const view = viewAfter([birth, report, figures]);
    expect(view).toMatchObject({ healthy: true, problems: [] });
    expect(view.devices[0]).toMatchObject({
      presence: "online",
      simulated: true,
      reportedAgeMs: 9000,
      statsAgeMs: 0,
      pipelines: [{ name: "entrance", state: "running", stats: { fps: 15.02 } }],
    });
  });

  it("shows no figures as current once they are old, and calls the device silent", () => {
    const view = viewAfter([birth, report, figures], NOW + 6000);
    expect(view.devices[0]).toMatchObject({ presence: "silent", figures: null, statsAgeMs: 6000 });
    expect(view.devices[0]?.pipelines[0]?.stats).toBeNull();
    expect(view.problems).toMatchObject([{ code: "AGENT_OFFLINE", device: "door" }]);
  });

  it("raises no alarm about devices when it is our own link that is down", () => {
    const view = viewAfter([birth, report, figures], NOW + 6000, false);
    expect(view.devices[0]?.presence).toBe("unknown");
    expect(view.problems).toMatchObject([{ code: "HUB_UNREACHABLE" }]);
    expect(view.healthy).toBe(false);
  });

  it("tells of another board with the identity of one that is online", () => {
    const copy = { sinceMs: NOW, address: "10.0.0.9", ownAddress: "10.0.0.8" };
    const told = { ...birth, message: { ...online(), copy } } as FleetMessage;
    const { problems } = viewAfter([told, report, figures]);
    expect(problems).toMatchObject([{ code: "IDENTITY_COPIED", device: "door", sinceMs: NOW }]);
    expect(problems[0]?.message).toContain("another board, at 10.0.0.9");
  });

  it("tells nothing of the pipelines of a device that is away as if it were now", () => {
    const will: FleetMessage = { ...birth, message: { ...online(), online: false } };
    const views = [
      viewAfter([birth, report, figures, will]),
      viewAfter([birth, report], NOW + 6000),
    ];
    for (const { devices } of views) {
      expect(devices[0]?.presence).not.toBe("online");
      expect(devices[0]?.pipelines).toMatchObject([{ state: "unknown", sinceMs: null }]);
    }
  });

  it("says offline after the will, and only that", () => {
    const will: FleetMessage = { ...birth, message: { ...online(), online: false } };
    const view = viewAfter([birth, report, figures, will]);
    expect(view.problems).toMatchObject([{ code: "AGENT_OFFLINE", pipeline: null }]);
  });

  it("ignores a will that a newer birth has overtaken", () => {
    const late: FleetMessage = { ...birth, message: { ...online(1), online: false } };
    const newer: FleetMessage = { ...birth, message: online(2) };
    expect(viewAfter([report, newer, figures, late]).devices[0]?.presence).toBe("online");
  });

  it("names the error of a failed pipeline with its code and hint", () => {
    const failed = reportedOf("door");
    const error = { code: "MODEL_INVALID", message: "truncated", hint: "Check it.", atMs: NOW };
    failed.pipelines = failed.pipelines.map((one) => ({ ...one, state: "failed", error }));
    const view = viewAfter([birth, { ...report, message: failed }, figures]);
    expect(view.problems).toMatchObject([
      { code: "MODEL_INVALID", pipeline: "entrance", hint: "Check it.", severity: "error" },
    ]);
  });

  it("names the error of a refused desired document", () => {
    const error = { code: "DESIRED_UNSIGNED", message: "by another key", hint: "x", atMs: NOW };
    const refused: FleetMessage = { ...report, message: { ...reportedOf("door"), error } };
    expect(viewAfter([birth, refused, figures]).problems).toMatchObject([
      { code: "DESIRED_UNSIGNED", pipeline: null },
    ]);
  });

  it("shows a desired pipeline that is not reported yet as pending", () => {
    const view = viewAfter([birth, report, figures, desired(2)]);
    expect(view.devices[0]?.pipelines.map(({ name, state }) => [name, state])).toEqual([
      ["entrance", "running"],
      ["exit", "pending"],
    ]);
  });

  it("warns of a change that an online device does not take, but not in the first moments", () => {
    const late = { ...figures, atMs: NOW + 11_000 } as FleetMessage;
    const soon = viewAfter([birth, report, figures, desired(2)]);
    expect(soon.problems.filter(({ severity }) => severity === "warning")).toEqual([]);
    const view = viewAfter([birth, report, late, desired(2)], NOW + 11_000);
    expect(view.problems).toContainEqual(
      expect.objectContaining({
        severity: "warning",
        message: "has not taken generation 2; it is at 1",
      }),
    );
  });

  it("says that a known device never reported", () => {
    const view = viewAfter([{ type: "device", device: "new" }]);
    expect(view.devices[0]).toMatchObject({ name: "new", presence: "unknown", board: null });
    expect(view.problems[0]?.message).toContain("never reported");
  });

  it("forgets a device of which nothing is retained any more", () => {
    const gone = (["reported", "presence"] as const).map(
      (channel): FleetMessage => ({ type: "removed", device: "door", channel }),
    );
    expect(viewAfter([birth, report, ...gone]).devices).toEqual([]);
  });

  it("keeps an event once though it comes twice, newest first", () => {
    const event = (seq: number): FleetMessage => ({
      type: "event",
      device: "door",
      message: { id: seq, atMs: NOW + seq, kind: "source", message: `event ${seq}` },
    });
    const view = viewAfter([birth, event(1), event(2), event(1)]);
    expect(view.devices[0]?.events.map(({ message }) => message)).toEqual(["event 2", "event 1"]);
  });
});

describe("the progress of an update", () => {
  const event = (
    seq: number,
    generation: number,
    data: object,
    pipeline?: string,
  ): FleetMessage => ({
    type: "event",
    device: "door",
    message: {
      id: seq,
      atMs: NOW + seq * 100,
      kind: "update",
      message: "x",
      ...(pipeline !== undefined && { pipeline }),
      data: { generation, setDigest: `sha256:${"0".repeat(64)}`, ...data },
    },
  });

  it("is told by the events of the newest generation: states, their times, bytes", () => {
    const view = viewAfter([
      birth,
      { ...report, message: { ...reportedOf("door"), generation: 2 } },
      event(1, 1, { state: "committed" }),
      event(2, 2, { state: "fetching" }),
      event(3, 2, { state: "verifying", from: "fetching", tookMs: 93, bytes: 3_079_732 }),
      event(5, 2, { state: "swapping" }),
    ]);
    expect(updateProgress(view.devices[0]!, "entrance")).toEqual({
      bytes: 3_079_732,
      states: [
        { state: "fetching", tookMs: 93 },
        { state: "verifying", tookMs: 200 },
        { state: "swapping", tookMs: null },
      ],
    });
  });

  it.each([
    [{ state: "committed" }, null],
    [{ state: "idle" }, null],
    [{ state: "testing" }, "testing"],
    [{ state: "fetching" }, "fetching"],
    [{ state: "fetching", fetchedBytes: 409, totalBytes: 1000 }, "fetching 40 %"],
    [{ state: "rolled-back" }, "rolled-back"],
    [{ state: "partly-applied" }, "partly-applied"],
  ] as const)("%j is shown as %s", (update, text) => {
    expect(updateUnderWay({ update })).toBe(text);
  });

  it("is told of each pipeline by itself, beside what the pipeline does", () => {
    const update = { sinceMs: NOW, part: null, remembered: null, error: null };
    const whole = reportedOf("door");
    const [entrance] = whole.pipelines;
    const message = {
      ...whole,
      update: { state: "partly-applied" as const, sinceMs: NOW },
      pipelines: [entrance!, { ...entrance!, name: "yard", state: "failed" as const }],
      updates: [
        { pipeline: "entrance", ...update, state: "committed" as const },
        { pipeline: "yard", ...update, state: "rolled-back" as const },
      ],
    };
    const [device] = viewAfter([birth, { ...report, message }, figures]).devices;
    expect(device?.update?.state).toBe("partly-applied");
    expect(device?.pipelines.map(pipelineWords)).toEqual(["running", "failed, rolled-back"]);
  });

  it("is that of the pipeline that is asked about", () => {
    const view = viewAfter([birth, report, event(1, 2, { state: "testing" }, "yard")]);
    expect(updateProgress(view.devices[0]!, "yard").states).toHaveLength(1);
    expect(updateProgress(view.devices[0]!, "entrance").states).toEqual([]);
  });
});

describe("a pipeline of several sources", () => {
  it("has a problem for each that is not well, by its name", () => {
    const complaint = { code: "SOURCE_UNREACHABLE", message: "no answer", hint: "h", atMs: NOW };
    const [pipeline] = reportedOf("door").pipelines;
    const sources = ["cam", "gate", "yard"].map((name) => ({
      ...{ name, state: name === "cam" ? ("playing" as const) : ("lost" as const) },
      error: name === "cam" ? null : complaint,
    }));
    const told = { ...complaint, message: "source gate: no answer" };
    const pipelines = pipeline ? [{ ...pipeline, sources, error: told }] : [];
    const several = { ...reportedOf("door"), atMs: NOW - 9000, pipelines };
    const view = viewAfter([birth, { ...report, message: several } as FleetMessage, figures]);
    expect(view.devices[0]?.pipelines[0]?.sources).toEqual(sources);
    expect(view.problems.map(({ pipeline: name, message }) => [name, message])).toEqual([
      ["entrance", "source gate: no answer"],
      ["entrance", "source yard: no answer"],
    ]);
  });
});
