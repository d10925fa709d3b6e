import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviceScreen } from "../../cli/console/device-screen.ts";
import { fleetScreen } from "../../cli/console/fleet-screen.ts";
import { helpScreen } from "../../cli/console/help-screen.ts";
import { type Command, commandsOf, KEYS } from "../../cli/console/keys.ts";
import type { Size } from "../../cli/console/lines.ts";
import { INITIAL_UI, nextUi, selectedDevice } from "../../cli/console/ui-state.ts";
import { NO_PALETTE } from "../../cli/render/colour.ts";
import { statusLines } from "../../cli/render/status-text.ts";
import { buildView, type FleetMessage, NOTHING_HEARD, reduce } from "../../fleet/view/index.ts";
import { ABSENT, PLAN, viewOf as plannedView, REFUSED } from "./support/planned.ts";
import { reportedOf, statsOf } from "./support/synthetic-device.ts";
import { withTruth } from "./support/truth-report.ts";

const NOW = 1_800_000_000_000;

function viewOf(names: readonly string[]) {
  const facts = names
    .flatMap((device): FleetMessage[] => [
      {
        type: "presence",
        device,
        message: { online: device !== "dead", bootId: "b", seq: 1, atMs: NOW },
        atMs: NOW,
      },
      { type: "reported", device, message: reportedOf(device), atMs: NOW },
      { type: "stats", device, message: statsOf(1), atMs: NOW },
    ])
    .reduce(reduce, NOTHING_HEARD);
  const hub = {
    httpUrl: "http://127.0.0.1:4000",
    connected: true,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  return withTruth(
    buildView(facts, { fleet: "demo", hub, nowMs: NOW, monotonicMs: NOW, listeningSinceMs: 0 }),
  );
}

const PLANNED = plannedView(
  { a: { plan: PLAN, budget: { minFps: 20 }, fps: Array<number>(11).fill(15) } },
  NOW,
);

function textOf(lines: readonly { text: string }[]): string {
  return lines.map(({ text }) => text).join("\n");
}

describe("screens", () => {
  it("fill any terminal exactly, from 1×1 to 300×100, with and without devices", () => {
    const views = [
      viewOf([]),
      viewOf(["a", "b"]),
      viewOf(["dead", ..."abcdefghijklmnopqrst"]),
      PLANNED,
    ];
    const sizes = fc.record({
      width: fc.integer({ min: 1, max: 300 }),
      height: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.nat(views.length - 1), sizes, (at, size) => {
        const view = views[at] ?? viewOf([]);
        const device = view.devices[0];
        const screens = [fleetScreen(view, INITIAL_UI, size), helpScreen(size)];
        if (device) screens.push(deviceScreen(view, device, size));
        for (const lines of screens) {
          expect(lines).toHaveLength(size.height);
          for (const { text } of lines) expect([...text].length).toBeLessThanOrEqual(size.width);
        }
      }),
    );
  });

  it.each([
    [3_600_000, "arrival", /from arrival · camera's clock 1 h behind/],
    [-18_000_000, "arrival", /from arrival · camera's clock 5 h ahead/],
    [200, "arrival", /from arrival · tracks/],
    [30, "capture", /from capture · tracks/],
  ] as const)(
    "name the clocks' offset, %d ms, where it hides the latency",
    (offset, from, says) => {
      const view = viewOf(["tx2"]);
      const [device] = view.devices;
      const stats = device?.pipelines[0]?.stats;
      if (!device || !stats) throw new Error("no figures");
      stats.source.clockOffsetMs = offset;
      stats.latencyFrom = from;
      expect(textOf(deviceScreen(view, device, { width: 200, height: 40 }))).toMatch(says);
    },
  );

  it.each([
    { width: 80, height: 24 },
    { width: 120, height: 40 },
  ])("show precision and recall, and an update as it goes, at %j", (size) => {
    const view = viewOf(["tx2", "xavier"]);
    const [first] = view.devices;
    if (!first) throw new Error("no device");
    const update = { state: "fetching", sinceMs: NOW, fetchedBytes: 4, totalBytes: 10 } as const;
    view.devices[0] = { ...first, update };
    const fleet = textOf(fleetScreen(view, INITIAL_UI, size));
    expect(fleet).toMatch(/> tx2 .*fetching 40 %/);
    expect(fleet).toMatch(/ {2}xavier\/entrance +running +scene 3f2a91c0 .* 0\.95\/0\.95/);
    const device = textOf(deviceScreen(view, view.devices[0], size));
    expect(device).toContain("update fetching 40 % of 10 B");
    expect(device).toMatch(/all labels +600 +12 +3 +0\.951 +0\.947 +0\.951 +0\.947 +0\.812/);
    expect(device).toContain("no event yet");
  });

  it("show how far a build is, and what it waits for, on both screens and in status", () => {
    const view = viewOf(["tx2"]);
    const [first] = view.devices;
    const [pipeline] = first?.pipelines ?? [];
    if (!first || !pipeline) throw new Error("no device");
    const waitsFor = { code: "BOARD_HOT", message: "the board is hot", hint: "", atMs: NOW };
    const build = {
      ...{ model: "scene", modelDigest: `sha256:${"a".repeat(64)}`, accelerator: "cpu" },
      ...{ phase: "optimising the graph", progress: 0.5, elapsedMs: 4000, waitsFor },
    };
    const update = { state: "building", sinceMs: NOW, build } as const;
    view.devices[0] = { ...first, pipelines: [{ ...pipeline, update }] };
    const words =
      "building scene for cpu: 50 %, optimising the graph, 4 s so far, time to go unknown; it waits: the board is hot";
    const size = { width: 120, height: 40 };
    expect(textOf(fleetScreen(view, INITIAL_UI, size))).toMatch(/building 50 %, waits/);
    const device = textOf(deviceScreen(view, view.devices[0], size));
    expect(device.replace(/\s+/g, " ")).toContain(words);
    expect(statusLines(view, 200, NO_PALETTE).join("\n")).toContain(`tx2/entrance: ${words}`);
  });

  it("keep problems in sight when there are more devices than rows", () => {
    const view = viewOf(["dead", ..."abcdefghijklmnopqrstuvwxyz"]);
    const lines = fleetScreen(view, INITIAL_UI, { width: 80, height: 24 });
    expect(lines.some(({ text }) => text.startsWith("error dead: AGENT_OFFLINE"))).toBe(true);
  });
});

describe("plan and measurement on the screens", () => {
  const budget = { minFps: 10, latencyP95Ms: 40 };
  const fps = Array<number>(11).fill(15);
  const view = plannedView(
    {
      missed: { plan: PLAN, budget, fps },
      refused: { plan: REFUSED, budget: { minFps: 10 }, fps },
      absent: { plan: ABSENT },
      older: {},
    },
    NOW,
  );
  const screenOf = (name: string, size: Size): string => {
    const device = view.devices.find((one) => one.name === name);
    if (!device) throw new Error(`no device ${name}`);
    return textOf(deviceScreen(view, device, size));
  };
  const [small, large] = [
    { width: 80, height: 24 },
    { width: 120, height: 40 },
  ];

  it("are two lines of facts and one of what was measured where there is little room", () => {
    expect(screenOf("missed", small)).toContain(`
plan gpu fp16 · up to 96–210 fps · inference 4.8–10.4 ms, now 25 ms
fps ≥ 10 met · p95 ≤ 40 ms missed
planned for the board's silicon; measured on the CPU of this simulation
`);
    expect(screenOf("refused", small)).toContain(`
plan refused · fps ≥ 10 met
TensorRT 8.5 has no layer for QLinearConv
`);
    expect(screenOf("absent", small)).toContain("no plan: the model's file was not checked");
  });

  it("are a table of planned, measured and budget where there is room", () => {
    expect(screenOf("missed", large)).toContain(`
PLAN AND MEASUREMENT        PLANNED         MEASURED   BUDGET  VERDICT
  fps, planned at most       96–210             15.0     ≥ 10  budget met
  inference             4.8–10.4 ms            25 ms
  latency p50                     -            31 ms
  latency p95                     -            44 ms  ≤ 40 ms  budget missed
  memory of the engine   ~ 48.0 MiB     not measured
  runs on                  gpu fp16  cpu onnxruntime
planned for TensorRT on the board's silicon; measured on the CPU of this simulation: differences between the two are no
fault
`);
  });

  it.each([small, large])("leave room for stages and problems at %j", (size) => {
    const screen = screenOf("missed", size);
    expect(screen).toMatch(/^ {2}detect +0\.1 +0\.4 +24\.6 +33\.1/m);
    expect(screen).toContain("warning missed/entrance: PIPELINE_BUDGET: p95 44 ms over 10 s");
    expect(screen).toMatch(/^ {2}next: Find the stage that waits or drops/m);
    expect(screenOf("refused", size)).toMatch(/all labels +600/);
  });

  it.each([small, large])("are not there for a document without plans, at %j", (size) => {
    expect(screenOf("older", size)).not.toMatch(/\bplan/i);
  });

  it.each([small, large])("mark the figure out of budget on the fleet screen, at %j", (size) => {
    const lines = fleetScreen(view, INITIAL_UI, size);
    expect(lines[0]).toMatchObject({ text: expect.stringContaining("1 warning"), tone: "warn" });
    const row = lines.find(({ text }) => text.startsWith("  missed/entrance"));
    expect(row).toMatchObject({ text: expect.stringMatching(/ 15\.0 .* 44 ms! /), tone: "warn" });
    expect(lines.filter(({ text }) => text.includes("44 ms!"))).toEqual([row]);
  });

  it("end with one rule where the screen cuts what stood below another", () => {
    const rows = screenOf("refused", small).split("\n");
    const rules = rows.flatMap((row, at) => (row.startsWith("─") ? [at] : []));
    expect(rules.filter((at) => rules.includes(at - 1))).toEqual([]);
  });

  it("paint a next step plainly, however many lines it takes", () => {
    const lines = fleetScreen(view, INITIAL_UI, { width: 50, height: 40 });
    const at = lines.findIndex(({ text }) => text.startsWith("  next:"));
    expect(lines.slice(at, at + 2).map(({ tone }) => tone)).toEqual(["plain", "plain"]);
    expect(lines[at + 1]?.text).toMatch(/^ {2}\w/);
    expect(lines[at - 1]?.tone).toBe("warn");
  });

  it("say on the planned silicon how the measurement compares with the plan", () => {
    const runsOn = { backend: "tensorrt", accelerator: "gpu", precision: "fp16" };
    const real = plannedView({ real: { plan: PLAN, simulated: false, runsOn } }, NOW);
    const [device] = real.devices;
    if (!device) throw new Error("no device");
    expect(textOf(deviceScreen(real, device, large))).toMatch(/ 25 ms +slower than planned$/m);
    expect(textOf(deviceScreen(real, device, small))).toContain("now 25 ms (slower than planned)");
    expect(textOf(deviceScreen(real, device, large))).not.toContain("differences");
  });
});

describe("keys", () => {
  it("come apart when they were typed too fast to arrive alone", () => {
    expect(commandsOf("jjk\r", {})).toEqual(["down", "down", "up", "open"]);
    expect(commandsOf("", { upArrow: true })).toEqual(["up"]);
    expect(commandsOf("c", { ctrl: true })).toEqual(["quit"]);
    expect(commandsOf("z", {})).toEqual(["other"]);
  });

  it("have one meaning each", () => {
    const all = KEYS.flatMap(({ keys }) => keys);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("the place of the user", () => {
  const view = viewOf(["a", "b", "c"]);
  const after = (...commands: Command[]) =>
    commands.reduce((state, command) => nextUi(state, command, view), INITIAL_UI);

  it.each<[Command[], Partial<typeof INITIAL_UI>]>([
    [[], { screen: "fleet", selected: null }],
    [["down"], { selected: "b" }],
    [["up"], { selected: "a" }],
    [["down", "down", "down"], { selected: "c" }],
    [["last", "first"], { selected: "a" }],
    [["open"], { screen: "device" }],
    [["open", "down"], { screen: "device", selected: "b" }],
    [["open", "back"], { screen: "fleet" }],
    [["help"], { help: true }],
    [["help", "down"], { help: false, selected: null }],
    [["help", "other"], { help: false }],
    [["other"], { screen: "fleet", help: false, done: false }],
    [["help", "quit"], { done: true }],
  ])("after %j", (commands, expected) => expect(after(...commands)).toMatchObject(expected));

  it("falls back to the first device when the selected one is gone", () => {
    const state = after("last");
    expect(selectedDevice(state, viewOf(["a", "b"]))?.name).toBe("a");
  });
});
