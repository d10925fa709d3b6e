import { describe, expect, it } from "vitest";
import { type Detections, ModelSwappedData, type Reported } from "../../fleet/contract/index.ts";
import { allRun, runnersOf, settled } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, eventOf, now, running } = worldForEach((opened) => {
  world = opened;
});

describe("an update", () => {
  it("exchanges a model inside the runner, without a gap in the results", async () => {
    world.start();
    const [first] = await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    const [second] = await deploy(2, { bytes: "good two" });
    const reported = await running(2, from);
    expect(reported.pipelines[0]?.model.digest).toBe(second);
    await world.broker.waitFor<Detections>(
      "/detections/entrance",
      ({ modelDigest }) => modelDigest === second,
      from,
    );
    const batches = world.broker.received
      .filter(({ topic }) => topic.endsWith("/detections/entrance"))
      .map(({ payload }) => payload as Detections);
    expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, index) => index));
    const digests = batches.map(({ modelDigest }) => modelDigest);
    expect([...new Set(digests)]).toEqual([first, second]);
    const indices = batches.flatMap(({ frames }) => frames.map(({ index }) => index));
    expect(indices).toEqual(indices.map((_, index) => index));
    expect(runnersOf(world.pid)).toEqual(runners);

    const swapped = await eventOf("model-swapped");
    const data = ModelSwappedData.parse(swapped.data);
    expect(data).toMatchObject({ fromDigest: first, toDigest: second, framesLost: 0 });
    const firstOfSecond = batches.find(({ modelDigest }) => modelDigest === second)?.frames[0];
    expect(data).toMatchObject({ countedBy: "source", firstFrame: firstOfSecond?.sourceFrame });
    const starting = world.broker.received
      .slice(from)
      .filter(({ topic }) => topic.endsWith("/reported"))
      .filter(({ payload }) => !allRun(payload as Reported));
    expect(starting).toEqual([]);
  });

  it("exchanges a model that has no room beside the former one in turn, and says what that cost", async () => {
    world.start();
    const [first] = await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    const [second] = await deploy(2, { bytes: "large two" });
    await running(2, from);
    const swapped = await eventOf("model-swapped");
    expect(ModelSwappedData.parse(swapped.data)).toMatchObject({
      ...{ fromDigest: first, toDigest: second, way: "in-turn", framesLost: 10, gapMs: 550 },
    });
    expect(swapped.message).toContain("no room for two");
  });

  it("goes on with the former model when one that was given its room cannot be loaded", async () => {
    world.start();
    const [first] = await deploy(1, { bytes: "good one" });
    await running(1);
    await deploy(2, { bytes: "large bad two" });
    const reported = await world.reported(settled(2, "rolled-back"));
    expect(reported.pipelines[0]?.model.digest).toBe(first);
    expect(reported.pipelines[0]?.state).toBe("running");
    expect(reported.updates?.[0]?.error?.code).toBe("MODEL_INVALID");
  });

  it("exchanges the model while the camera is away, and has no frame to name", async () => {
    world.start();
    const uri = "rtsp://camera/unreachable";
    await deploy(1, { bytes: "good one", uri });
    await world.reported(settled(1, "committed"));
    const [second] = await deploy(2, { bytes: "good two", uri });
    const reported = await world.reported(settled(2, "committed"));
    expect(reported.pipelines[0]?.model.digest).toBe(second);
    expect((await eventOf("model-swapped")).data).toMatchObject({
      ...{ toDigest: second, firstFrame: null, lastFrame: null, framesLost: null },
    });
  });
});
