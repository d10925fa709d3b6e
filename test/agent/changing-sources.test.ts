import { describe, expect, it } from "vitest";
import {
  type Detections,
  type FleetEvent,
  type Reported,
  SourcesChangedData,
} from "../../fleet/contract/index.ts";
import { allRun, runnersOf, settled } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, eventOf, now, running } = worldForEach((opened) => {
  world = opened;
});

describe("an update", () => {
  it("has sources come and go beside one that stays, without a gap in its results", async () => {
    world.start();
    const of = (uri: string) => ({ yard: uri });
    await deploy(1, { bytes: "good one", others: of("rtsp://camera/yard") });
    await running(1);
    const runners = runnersOf(world.pid);
    let from = now();
    const steps: [Record<string, string>, object][] = [
      [
        { ...of("rtsp://camera/yard"), gate: "rtsp://camera/gate" },
        { added: ["gate"], removed: [], sources: ["cam", "yard", "gate"] },
      ],
      [
        { ...of("rtsp://camera/other"), gate: "rtsp://camera/gate" },
        { added: ["yard"], removed: ["yard"], sources: ["cam", "yard", "gate"] },
      ],
      [{}, { added: [], removed: ["yard", "gate"], sources: ["cam"] }],
    ];
    for (const [at, [others, data]] of steps.entries()) {
      const generation = at + 2;
      await deploy(generation, { bytes: "good one", others });
      const reported = await running(generation, from);
      const names = reported.pipelines[0]?.sources?.map(({ name }) => name);
      expect(names).toEqual(at < 2 ? ["cam", "yard", "gate"] : undefined);
      const event = await world.broker.waitFor<FleetEvent>(
        "/events",
        ({ kind }) => kind === "sources-changed",
        from,
      );
      expect(SourcesChangedData.parse(event.data)).toEqual({ pipeline: "entrance", ...data });
      from = now();
    }
    expect(runnersOf(world.pid)).toEqual(runners);
    const frames = world.broker.received
      .filter(({ topic }) => topic.endsWith("/detections/entrance"))
      .flatMap(({ payload }) => (payload as Detections).frames);
    expect(frames.map(({ index }) => index)).toEqual(frames.map((_, index) => index));
  });

  it("whose new source its runner refuses is undone, by a new runner", async () => {
    world.start();
    await deploy(1, { bytes: "good one", others: { yard: "rtsp://camera/yard" } });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "good one", others: { gate: "rtsp://camera/refused" } });
    const refused = await world.reported(settled(2, "rolled-back"), from);
    expect(refused.updates?.[0]?.error?.message).toContain("Expected another source");
    const again = await world.reported(
      (reported) => settled(2, "rolled-back")(reported) && allRun(reported),
      from,
    );
    expect(again.pipelines[0]?.sources?.map(({ name }) => name)).toEqual(["cam", "yard"]);
    expect(runnersOf(world.pid)).not.toEqual(runners);
  });

  it("of the source starts the new version beside the running one", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "good one", uri: "rtsp://camera/other" });
    const reported = await running(2, from);
    expect(reported.pipelines[0]?.restarts).toBe(0);
    expect(runnersOf(world.pid)).not.toEqual(runners);
  });

  it("whose camera does not answer is committed, and the pipeline says what is missing", async () => {
    world.start();
    await deploy(1, { bytes: "good one", uri: "rtsp://user:pa55word@camera/unreachable" });
    const reported = await world.reported(
      (r) => settled(1, "committed")(r) && r.pipelines[0]?.state === "failed",
    );
    expect(reported.pipelines[0]?.error).toMatchObject({
      code: "SOURCE_UNREACHABLE",
      message: "no answer from rtsp://***@camera/unreachable",
    });
    const said = world.broker.received.filter(({ topic }) => !topic.endsWith("/desired"));
    expect(JSON.stringify(said)).not.toContain("pa55word");
    expect(world.log).not.toContain("pa55word");
  });

  it("runs where one of its cameras does not answer, and says which", async () => {
    world.start();
    const others = { gate: "rtsp://user:pa55word@camera/unreachable", yard: "rtsp://camera/ok" };
    await deploy(1, { bytes: "good one", others });
    const isTold = ({ sources }: Reported["pipelines"][number]) =>
      sources?.every(({ state }) => state !== "unknown");
    const reported = await world.reported(
      (r) => settled(1, "committed")(r) && r.pipelines.some(isTold),
    );
    const complaint = {
      code: "SOURCE_UNREACHABLE",
      message: /no answer from rtsp:\/\/\*\*\*@camera/,
    };
    const message = expect.stringMatching(complaint.message) as string;
    expect(reported.pipelines).toMatchObject([
      {
        state: "running",
        error: { code: complaint.code, message: expect.stringMatching(/^source gate: no answer/) },
        sources: [
          { name: "cam", state: "playing", error: null },
          { name: "gate", state: "lost", error: { code: complaint.code, message } },
          { name: "yard", state: "playing", error: null },
        ],
      },
    ]);
    expect((await eventOf("source-lost")).message).toMatch(/^source gate: no answer/);
  });
});
