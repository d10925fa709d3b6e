import { describe, expect, it } from "vitest";
import { NO_PALETTE } from "../../cli/render/colour.ts";
import { statusLines } from "../../cli/render/status-text.ts";
import { buildView, type FleetView, NOTHING_HEARD, reduce } from "../../fleet/view/index.ts";
import { reportedOf } from "./support/synthetic-device.ts";

/** Devices whose agents say that they bear these labels; undefined: an agent that says nothing of labels. */
function viewOf(devices: Record<string, Record<string, string> | undefined>): FleetView {
  const facts = Object.entries(devices).reduce((before, [device, labels]) => {
    const { labels: _, ...reported } = reportedOf(device);
    const message = { ...reported, ...(labels && { labels }) };
    return reduce(before, { type: "reported", device, message, atMs: null });
  }, NOTHING_HEARD);
  const hub = {
    httpUrl: "h",
    connected: true,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  return buildView(facts, {
    fleet: "demo",
    hub,
    nowMs: Date.now(),
    monotonicMs: Date.now(),
    listeningSinceMs: 0,
  });
}

const status = (view: FleetView, width: number) => statusLines(view, width, NO_PALETTE).join("\n");

describe("labels in jetfleet status", () => {
  it("are a column where a device has any, with a dash for an agent that does not say", () => {
    const view = viewOf({ a: { site: "basel", floor: "2" }, b: {}, c: undefined });
    expect(view.devices.map(({ labels }) => labels)).toEqual([
      { site: "basel", floor: "2" },
      {},
      null,
    ]);
    const text = status(view, 120);
    expect(text).toMatch(/^DEVICE .* LABELS/m);
    expect(text).toMatch(/^a .* site=basel, floor=2/m);
    expect(text).toMatch(/^c .* -\s*$/m);
  });

  it("are no column where no device has any, and are cut where there is no room", () => {
    expect(status(viewOf({ a: {}, b: undefined }), 120)).not.toContain("LABELS");
    const narrow = status(viewOf({ a: { site: "x".repeat(63) } }), 80);
    const [title, row] = narrow.split("\n").slice(2);
    expect(Math.max(title?.length ?? 0, row?.length ?? 0)).toBeLessThanOrEqual(80);
    expect(row).toContain("site=xx");
  });
});
