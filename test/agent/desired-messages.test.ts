import { describe, expect, it } from "vitest";
import { settled } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, now, running } = worldForEach((opened) => {
  world = opened;
});

describe("a message on desired", () => {
  it("that is unsigned, of a newer version, garbage or of more than 8 MiB is refused, and what runs runs on", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const refused = [
      { message: JSON.stringify({ contract: 2, generation: 9 }), code: "DESIRED_INVALID" },
      { message: JSON.stringify({ contract: 3 }), code: "VERSION_UNREADABLE" },
      { message: "{{{", code: "DESIRED_INVALID" },
      { message: "x".repeat(9 << 20), code: "DESIRED_INVALID" },
    ];
    for (const [at, { message, code }] of refused.entries()) {
      const from = now();
      await world.publishDesired(message);
      const reported = await world.reported(({ error }) => error?.code === code, from);
      expect(reported).toMatchObject({ generation: at + 1, pipelines: [{ state: "running" }] });
      await deploy(at + 2, { bytes: "good one" });
      expect((await world.reported(settled(at + 2, "committed"), from)).error).toBeNull();
    }
  });

  it("that is older than what was accepted is refused, even by the next life of the agent", async () => {
    world.start();
    await deploy(5, { bytes: "good five" });
    await running(5);
    await world.kill();
    await deploy(4, { bytes: "good four" });
    const from = now();
    world.start();
    const reported = await world.reported(({ error }) => error?.code === "DESIRED_STALE", from);
    expect(reported.generation).toBe(5);
  });

  it("that is empty, as when a hub forgets a device, stops nothing", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    await world.publishDesired("");
    const from = now();
    await deploy(2, { bytes: "good two" });
    const reported = await running(2, from);
    expect(reported.pipelines[0]?.restarts).toBe(0);
  });
});
