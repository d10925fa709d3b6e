import { describe, expect, it } from "vitest";
import { comparedFrames } from "../../../cli/demo/await-truth.ts";
import { type Picture, shown } from "../../../cli/demo/picture.ts";
import { deviceChanges, UpdateReport } from "../../../cli/demo/update-report.ts";
import { updateLines } from "../../../cli/demo/update-text.ts";
import { NO_PALETTE } from "../../../cli/render/colour.ts";
import { statusLines } from "../../../cli/render/status-text.ts";
import { truthOverlay } from "../../../fleet/sim/truth/overlay.ts";
import { buildView, type FleetMessage, NOTHING_HEARD, reduce } from "../../../fleet/view/index.ts";
import { MODEL_DIGEST, reportedOf, statsOf } from "../support/synthetic-device.ts";
import { OLD_DIGEST, truthOf } from "../support/truth-report.ts";

const NOW = 1_800_000_000_000;

function pictureOf(digest: string, atMs: number, reportedAtMs = atMs): Picture {
  const reported = reportedOf("tx2", "tx2");
  const model = { name: "people", digest };
  const pipelines = reported.pipelines.map((pipeline) => ({ ...pipeline, model }));
  const message = { ...reported, pipelines, generation: 2 };
  const update = (seq: number, state: string, more: object = {}): FleetMessage => ({
    type: "event",
    device: "tx2",
    message: {
      id: seq,
      atMs: NOW + seq * 100,
      kind: "update",
      message: state,
      data: { generation: 2, setDigest: OLD_DIGEST, state, ...more },
    },
  });
  const facts = [
    { type: "reported", device: "tx2", message, atMs } satisfies FleetMessage,
    { type: "stats", device: "tx2", message: statsOf(1), atMs } satisfies FleetMessage,
    update(1, "fetching"),
    update(2, "committed", { bytes: 2048 }),
  ].reduce(reduce, NOTHING_HEARD);
  const hub = {
    httpUrl: "http://hub",
    connected: true,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  const view = buildView(facts, {
    fleet: "demo",
    hub,
    nowMs: atMs,
    monotonicMs: atMs,
    listeningSinceMs: 0,
  });
  return { view, truth: truthOverlay(truthOf(["tx2"], reportedAtMs), view) };
}

const report: UpdateReport = UpdateReport.parse({
  from: "street v1",
  to: "street v2",
  changed: true,
  tookMs: 11_100,
  wantedFrames: 300,
  enoughFrames: true,
  devices: deviceChanges(pictureOf(OLD_DIGEST, NOW), pictureOf(MODEL_DIGEST, NOW + 1000)),
});

describe("the report of an update", () => {
  it("holds the swap by frame numbers, the device's own states, and figures of both models", () => {
    expect(report.devices).toMatchObject([
      {
        device: "tx2",
        pipelines: [
          {
            bytes: 2048,
            states: [{ state: "fetching", tookMs: 100 }, { state: "committed" }],
            swap: { lastFrame: 99, firstFrame: 100, lostFrames: 0 },
            before: { modelDigest: OLD_DIGEST },
            after: { modelDigest: MODEL_DIGEST },
          },
        ],
      },
    ]);
  });

  it("has no swap when the model is the same as before", () => {
    const same = deviceChanges(pictureOf(MODEL_DIGEST, NOW), pictureOf(MODEL_DIGEST, NOW + 1000));
    expect(same[0]?.pipelines[0]?.swap).toBeNull();
  });

  it("tells what the pipeline dropped meanwhile beside frames that are missing, and what it did not say", () => {
    const [{ device, pipelines: [pipeline] = [] } = report.devices[0]!] = report.devices;
    expect(pipeline?.dropped).toBe(0);
    const printed = (dropped: number | null): string => {
      const swap = { ...pipeline!.swap!, lostFrames: 2 };
      const devices = [{ device, pipelines: [{ ...pipeline!, swap, dropped }] }];
      return updateLines({ ...report, devices }, 120, NO_PALETTE).join("\n");
    };
    expect(printed(3)).toContain("Lost of tx2/entrance: 2; the pipeline counted 3 dropped");
    expect(printed(null)).toContain("the pipeline has not told how many it dropped");
    expect(updateLines(report, 80, NO_PALETTE).join("\n")).not.toContain("Lost of");
  });

  it("is printed within 80 columns", () => {
    const lines = updateLines(report, 80, NO_PALETTE);
    expect(lines[0]).toBe("street v1 → street v2: 11.1 s for `pulumi up`");
    const text = lines.join("\n");
    expect(text).toMatch(/tx2\/entrance +99 +100 +0 +67 ms +2\.0 KiB/);
    expect(text).toMatch(/street v1 +600 +0 +0\.566/);
    expect(text).toMatch(/street v2 +600 +0 +0\.951/);
    expect(text).toMatch(/UPDATE +FETCHING +NOW\ntx2\/entrance +100 ms +committed/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it("says that nothing had to change", () => {
    expect(updateLines({ ...report, changed: false }, 80, NO_PALETTE)).toEqual([
      "street v2 is what runs already: nothing to change",
    ]);
  });
});

describe("figures in `status`", () => {
  it("come per pipeline and label, with the counting rule in one line", () => {
    const lines = statusLines(shown(pictureOf(MODEL_DIGEST, NOW)), 80, NO_PALETTE);
    const at = lines.findIndex((line) => line.startsWith("TRUTH"));
    expect(lines[at + 1]).toMatch(
      /^tx2\/entrance +600 +12 +3 +0\.951 +0\.947 +0\.951 +0\.947 +0\.812$/,
    );
    expect(lines[at + 2]).toMatch(/^ {2}person +0\.951/);
    expect(lines[at + 4]).toMatch(/^Rule: same label, IoU ≥ 0\.5; left out: .*visible < 40 %$/);
  });

  it("of the scene's night are told as such, and that they do not compare with those of the day", () => {
    const picture = pictureOf(MODEL_DIGEST, NOW);
    for (const { now } of picture.truth?.pipelines ?? []) now!.nightFrames = 240;
    const lines = statusLines(shown(picture), 80, NO_PALETTE);
    const at = lines.findIndex((line) => line.startsWith("TRUTH"));
    expect(lines[at + 2]).toMatch(/^ {2}at night +240$/);
    expect(lines.slice(at).join(" ")).toContain("compare figures of the same light only");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it("count for the model that runs only", () => {
    expect(comparedFrames(pictureOf(MODEL_DIGEST, NOW))).toEqual([
      { pipeline: "tx2/entrance", frames: 600 },
    ]);
    const other = pictureOf(`sha256:${"e".repeat(64)}`, NOW);
    expect(comparedFrames(other)).toEqual([{ pipeline: "tx2/entrance", frames: 0 }]);
  });

  it("count for a model that came back since it did, not for the last time that it ran", () => {
    const other = `sha256:${"e".repeat(64)}`;
    const counted = (picture: Picture, before: Picture) =>
      comparedFrames(picture, before).map(({ frames }) => frames);
    const back = pictureOf(MODEL_DIGEST, NOW);
    const fromMs = back.truth?.pipelines[0]?.now?.fromMs ?? 0;
    expect(counted(back, pictureOf(other, fromMs + 1))).toEqual([0]);
    expect(counted(back, pictureOf(other, fromMs))).toEqual([600]);
    expect(counted(back, pictureOf(MODEL_DIGEST, fromMs + 1))).toEqual([600]);
  });

  it("are replaced by the reason when there are none", () => {
    const stale = pictureOf(MODEL_DIGEST, NOW, NOW - 90_000);
    const text = statusLines(shown(stale), 80, NO_PALETTE).join("\n");
    expect(text).toContain("truth: the last report is 1 min old and not shown");
    expect(text).not.toContain("0.951");
  });
});
