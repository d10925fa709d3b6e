import { describe, expect, it } from "vitest";
import type { FleetEvent, Presence } from "../../fleet/contract/index.ts";
import { gone, runnersOf, settled } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, now, running } = worldForEach((opened) => {
  world = opened;
});

describe("a runner", () => {
  it("that crashes is started again and counted", async () => {
    world.start();
    await deploy(1, { bytes: "good one", uri: "rtsp://camera/crash" });
    await world.reported(settled(1, "committed"));
    const failed = await world.reported(({ pipelines }) => pipelines[0]?.state === "failed");
    expect(failed.pipelines[0]?.error).toMatchObject({ code: "RUNNER_CRASHED" });
    expect(failed.pipelines[0]?.error?.message).toContain("SIGABRT");
    await world.reported(
      ({ pipelines: [entrance] }) => entrance?.state === "running" && entrance.restarts >= 1,
    );
    const event = await world.broker.waitFor<FleetEvent>(
      "/events",
      ({ kind }) => kind === "runner-ended",
    );
    expect(event.pipeline).toBe("entrance");
  });

  it("dies with its agent", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    expect(runners).toHaveLength(1);
    await world.kill();
    await gone(runners);
  });

  it("that hangs in native code is killed when it has to go", async () => {
    world.start();
    await deploy(1, { bytes: "good one", uri: "rtsp://camera/hang" });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2);
    const reported = await world.reported(settled(2, "committed"), from);
    expect(reported.pipelines).toEqual([]);
    await gone(runners);
  });

  it("is ended when the agent stops in order, and the device says that it is offline", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    await world.terminate();
    await gone(runners);
    await world.broker.waitFor<Presence>("/presence", ({ online }) => !online);
    expect(world.log).toContain("agent stops");
  });
});
