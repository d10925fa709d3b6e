import { describe, expect, it } from "vitest";
import type { FleetEvent } from "../../fleet/contract/index.ts";
import type { PipelineSpec } from "../../fleet/spec/index.ts";
import { GOOD, runnersOf, settled, updateEventsTo } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, now, running } = worldForEach((opened) => {
  world = opened;
});
const isState = (state: string) => (event: FleetEvent) =>
  event.kind === "update" && event.data?.["state"] === state;

describe("an update", () => {
  it("goes through its states and says how long each took and what was received", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    await deploy(2, { bytes: "good two" });
    await running(2, from);
    const told = await updateEventsTo("committed", world, from);
    expect(told.map(({ state }) => state)).toEqual([...GOOD]);
    expect(told.map(({ from: before }) => before)).toEqual([undefined, ...GOOD.slice(0, -1)]);
    for (const { tookMs } of told.slice(1)) expect(tookMs).toBeGreaterThanOrEqual(0);
    expect(told.map(({ bytes }) => bytes).filter((bytes) => bytes !== undefined)).toEqual([8]);
  });

  it.each<[string, Partial<PipelineSpec["detect"]>]>([
    ["threshold", { minScore: 0.7 }],
    ["accelerator", { accelerator: "dla0" }],
    ["precision", { precision: "int8" }],
  ])("to another %s needs no other runner", async (_what, detect) => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "good one", detect });
    await running(2, from);
    expect(runnersOf(world.pid)).toEqual(runners);
    const told = await updateEventsTo("committed", world, from);
    expect(told.some(({ bytes }) => bytes === 0)).toBe(true);
  });

  it("to another budget leaves the runner and the version that it runs as they are", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    const before = await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "good one", budget: { minFps: 10, latencyP95Ms: 500 } });
    const after = await running(2, from);
    await world.broker.waitFor<FleetEvent>("/events", isState("committed"), from);
    const kinds = world.broker.received
      .slice(from)
      .filter(({ topic }) => topic.endsWith("/events"))
      .map(({ payload }) => (payload as FleetEvent).kind);
    expect([...new Set(kinds)]).toEqual(["update"]);
    expect(after.pipelines[0]?.specDigest).toBe(before.pipelines[0]?.specDigest);
    expect(runnersOf(world.pid)).toEqual(runners);
  });

  it("to another budget and another model at once keeps its runner, too", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "good two", budget: { minFps: 10 } });
    await running(2, from);
    expect(runnersOf(world.pid)).toEqual(runners);
  });

  it("to an empty document stops every pipeline and its process", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    expect(runnersOf(world.pid)).toHaveLength(1);
    await deploy(2);
    const reported = await world.reported(settled(2, "committed"));
    expect(reported.pipelines).toEqual([]);
    expect(runnersOf(world.pid)).toEqual([]);
  });
});
