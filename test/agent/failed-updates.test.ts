import { describe, expect, it } from "vitest";
import { allRun, runnersOf, settled, updateEvents } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, now, running } = worldForEach((opened) => {
  world = opened;
});

describe("an update", () => {
  it.each([
    ["ends its runner", "fatal model", "RUNNER_CRASHED"],
    ["delivers nothing", "mute model", "PIPELINE_NOT_RUNNING"],
    ["is far slower", "lazy model", "PIPELINE_NOT_RUNNING"],
    ["is refused by the running pipeline", "fickle model", "MODEL_INVALID"],
  ])("to a model that %s at work goes back to the former one", async (_what, bytes, code) => {
    world.start();
    const [good] = await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    await deploy(2, { bytes });
    const back = settled(2, "rolled-back");
    const reported = await world.reported((r) => back(r) && allRun(r), from);
    expect(reported).toMatchObject({
      error: null,
      updates: [{ pipeline: "entrance", state: "rolled-back", error: { code } }],
      pipelines: [{ model: { digest: good }, error: { code } }],
    });
    const later = now();
    await deploy(3, { bytes: "good three" });
    expect((await running(3, later)).pipelines[0]?.error).toBeNull();
  });

  it.each([
    ["cannot be loaded", "bad model", "MODEL_INVALID"],
    ["kills its runner", "abort model", "RUNNER_CRASHED"],
  ])(
    "to a model that %s is rolled back while the former version runs on",
    async (_w, bytes, code) => {
      world.start();
      const [good] = await deploy(1, { bytes: "good one" });
      await running(1);
      const from = now();
      await deploy(2, { bytes });
      const reported = await world.reported(settled(2, "rolled-back"), from);
      expect(reported.pipelines).toMatchObject([
        { state: "running", model: { digest: good }, restarts: 0, error: { code } },
      ]);
      expect(updateEvents(world, from).map(({ state }) => state)).not.toContain("swapping");

      const later = now();
      await deploy(3, { bytes: "good three" });
      expect((await running(3, later)).pipelines[0]?.error).toBeNull();
    },
  );

  it("that fails for one pipeline goes through for the others", async () => {
    world.start();
    await deploy(1, { bytes: "good a", name: "a" }, { bytes: "good b", name: "b" });
    const [oldA] = (await running(1)).pipelines;
    const from = now();
    const [, newB] = await deploy(
      2,
      { bytes: "bad a", name: "a" },
      { bytes: "good b2", name: "b" },
    );
    const reported = await world.reported(settled(2, "partly-applied"), from);
    expect(reported.updates).toMatchObject([
      { pipeline: "a", state: "rolled-back", error: { code: "MODEL_INVALID" } },
      { pipeline: "b", state: "committed", error: null },
    ]);
    expect(reported.error).toBeNull();
    expect(reported.pipelines).toMatchObject([
      { name: "a", specDigest: oldA?.specDigest, error: { code: "MODEL_INVALID" } },
      { name: "b", model: { digest: newB }, error: null },
    ]);
  });

  it("that is the first of its pipeline and fails is undone, says why, and is tried again when signed anew", async () => {
    world.start();
    await deploy(1, { bytes: "bad model" });
    const reported = await world.reported(settled(1, "rolled-back"));
    expect(reported.pipelines).toMatchObject([
      { name: "entrance", state: "failed", error: { code: "MODEL_INVALID" } },
    ]);
    expect(runnersOf(world.pid)).toEqual([]);
    const from = now();
    world.release.signAgain("entrance");
    await deploy(2, { bytes: "bad model" });
    await world.reported(
      ({ update }) => update.state === "watching" || update.state === "swapping",
      from,
    );
    await world.reported(settled(2, "rolled-back"), from);
  });
});
