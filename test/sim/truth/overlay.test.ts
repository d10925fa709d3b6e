import { describe, expect, it } from "vitest";
import { type TruthFact, truthOf, truthOverlay } from "../../../fleet/sim/truth/overlay.ts";
import { buildView, type FleetView, NOTHING_HEARD, reduce } from "../../../fleet/view/index.ts";
import { reportedOf } from "../../cli/support/synthetic-device.ts";
import { OLD_DIGEST, truthOf as reportOf } from "../../cli/support/truth-report.ts";

const NOW = 1_800_000_000_000;

function viewAt(nowMs: number): FleetView {
  const message = { ...reportedOf("door"), atMs: nowMs };
  const facts = reduce(NOTHING_HEARD, { type: "reported", device: "door", message, atMs: nowMs });
  const hub = {
    httpUrl: "http://hub",
    connected: true,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  return buildView(facts, { fleet: "demo", hub, nowMs, monotonicMs: nowMs, listeningSinceMs: 0 });
}

function pipelineOf(fact: TruthFact, nowMs = NOW) {
  return truthOf(truthOverlay(fact, viewAt(nowMs)), "door", "entrance");
}

const NOTHING = { now: null, before: null, swaps: [] };

describe("the truth laid over a view", () => {
  it("joins the figures of the model that runs, those of the one before, and the swap", () => {
    const fact = reportOf(["door", "other"], NOW);
    const overlay = truthOverlay(fact, viewAt(NOW));
    expect(overlay).toMatchObject({ state: "current", reportAgeMs: 0, seed: 1 });
    expect(overlay.pipelines.map(({ device, pipeline }) => [device, pipeline])).toEqual([
      ["door", "entrance"],
    ]);
    expect(pipelineOf(fact)).toMatchObject({
      now: { detector: { pooled: { precision: 0.951 } }, tracker: { idf1: 0.812 } },
      before: { modelDigest: OLD_DIGEST },
      swaps: [{ lostFrames: 0, gapMs: 66.7 }],
    });
  });

  it("says that a report is old, and shows nothing of it", () => {
    const fact = reportOf(["door"], NOW);
    const overlay = truthOverlay(fact, viewAt(NOW + 16_000));
    expect(overlay).toMatchObject({ state: "stale", reportAgeMs: 16_000 });
    expect(pipelineOf(fact, NOW + 16_000)).toMatchObject(NOTHING);
  });

  it.each<["absent" | "unreadable"]>([["absent"], ["unreadable"]])(
    "says that a report is %s",
    (kind) => {
      expect(truthOverlay({ kind }, viewAt(NOW)).state).toBe(kind);
      expect(pipelineOf({ kind })).toMatchObject(NOTHING);
    },
  );

  it("knows nothing of a pipeline that the view does not hold", () => {
    expect(truthOf(truthOverlay(reportOf(["other"], NOW), viewAt(NOW)), "other", "entrance")).toBe(
      null,
    );
  });
});
