import { rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { screenOf } from "../../../cli/console/app.tsx";
import { INITIAL_UI } from "../../../cli/console/ui-state.ts";
import { FleetFeed } from "../../../fleet/hub/client/index.ts";
import { History } from "../../../fleet/hub/history/history.ts";
import { append, CHAIN, chainOf } from "../../fleet/journal/made.ts";
import { pipelineOf, statsOf } from "../../hub/history/made-history.ts";
import { HubProcess, until } from "../../hub/running-hub.ts";
import { reportedOf, SyntheticDevice } from "../support/synthetic-device.ts";
import { Terminal } from "../support/terminal.ts";
import { JETFLEET } from "../support/two-devices.ts";

let hub: HubProcess;
let device: SyntheticDevice;
const MINUTE = 60_000;

/**
 * What a hub would have kept of the last half hour: figures until an outage of five minutes, which ended five minutes
 * ago, and from then on.
 */
async function record(folder: string): Promise<void> {
  const endMs = Date.now();
  let nowMs = endMs - 30 * MINUTE;
  const history = await History.open({ folder, log: () => {}, now: () => nowMs });
  const presence = (online: boolean) => ({ online, bootId: "a", seq: 1, atMs: nowMs });
  const events = chainOf([]);
  append(events, { kind: "source", pipeline: "entrance", message: "The source is lost" }, CHAIN);
  await history.takePresence("xavier", null, presence(true));
  for (const { text } of events) await history.takeEvent("xavier", Buffer.from(text));
  for (; nowMs < endMs; nowMs += 1000) {
    const agoMs = endMs - nowMs;
    if (agoMs === 10 * MINUTE) {
      await history.takePresence("xavier", presence(true), presence(false));
    }
    if (agoMs === 5 * MINUTE) await history.takePresence("xavier", presence(false), presence(true));
    const away = agoMs <= 10 * MINUTE && agoMs > 5 * MINUTE;
    if (away) continue;
    const stats = statsOf(1, [pipelineOf(agoMs > 10 * MINUTE ? 15 : 7.5, 40)]);
    history.takeStats("xavier", Buffer.from(JSON.stringify(stats)));
  }
  await history.close();
}

beforeAll(async () => {
  hub = await HubProcess.start();
  await hub.end();
  await rm(path.join(hub.stateDir, "history"), { recursive: true });
  await record(path.join(hub.stateDir, "history"));
  await hub.restart();
  device = await SyntheticDevice.connect(hub, "xavier");
  await device.say("reported", reportedOf("xavier"));
  device.sendStats();
}, 60_000);
afterAll(async () => {
  await device.close();
  await hub.remove();
});

describe("a console opened five minutes after an outage", () => {
  it("shows it: what happened, how long it lasted, and the hole in the figures", async () => {
    const feed = await FleetFeed.open(hub.record.httpUrl, hub.client());
    await feed.settle();
    feed.look("xavier");
    await until("the figures of the last hour", () => feed.view().devices[0]?.past !== null);
    const view = { ...feed.view(), overlay: null };
    await feed.close();
    const size = { width: 120, height: 40 };
    const fleet = screenOf(view, INITIAL_UI, size).map(({ text }) => text);
    const told = fleet.filter((line) => /The device is (on|off)line$/.test(line));
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(fleet.join("\n")).toMatch(/xavier: The device is offline/);
    expect(fleet.join("\n")).toMatch(/hub: The hub started/);
    const ui = { ...INITIAL_UI, screen: "device" as const, selected: "xavier" };
    const screen = screenOf(view, ui, size).map(({ text }) => text);
    expect(screen.join("\n")).toMatch(/entrance: The source is lost/);
    const bars = screen.find((line) => line.startsWith("  fps "));
    expect(bars).toMatch(
      /^ {2}fps ·{28,31}█{19,21}[▅█]?·{4,5}[▅▆]?▅{4,5}\S* 7\.5 to 15\.0, 60 min$/u,
    );
    expect(screen.some((line) => /^ {2}p95 .*40 ms to 4[04] ms, 60 min$/.test(line))).toBe(true);
  });

  it("does so in a real terminal", async () => {
    const where = ["--hub-dir", hub.stateDir, "--identity", hub.operatorFile];
    const terminal = new Terminal([JETFLEET, "console", ...where], { width: 120, height: 40 });
    try {
      await terminal.awaitText(/xavier: The device is offline/);
      terminal.keys("Enter");
      const screen = await terminal.awaitText(/ {2}fps ·+█+/);
      expect(screen).toContain("The source is lost");
    } finally {
      terminal.close();
    }
  });

  it("shows nothing of a device that is in the history but not in the fleet", async () => {
    const gone = await SyntheticDevice.connect(hub, "gone");
    await gone.close();
    await hub.client().deleteDevice("gone");
    const feed = await FleetFeed.open(hub.record.httpUrl, hub.client());
    await feed.settle();
    expect(feed.view().devices.map(({ name }) => name)).toEqual(["xavier"]);
    await feed.close();
  });
});
