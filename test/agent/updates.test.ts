import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Detections,
  type FleetEvent,
  ModelSwappedData,
  type Presence,
  type Reported,
  SourcesChangedData,
} from "../../fleet/contract/index.ts";
import type { PipelineSpec } from "../../fleet/spec/index.ts";
import { allRun, GOOD, gone, hex, runnersOf, settled, updateEvents } from "./support/deploying.ts";
import { DEVICE } from "./support/desired.ts";
import { ObjectServer, stallAfter, status } from "./support/object-server.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, running, now } = worldForEach((opened) => {
  world = opened;
});
const objectFiles = () => readdirSync(join(world.stateDir, "objects")).sort();
const eventOf = (kind: string) =>
  world.broker.waitFor<FleetEvent>("/events", (event) => event.kind === kind);
const isState = (state: string) => (event: FleetEvent) =>
  event.kind === "update" && event.data?.["state"] === state;

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

  it("goes through its states and says how long each took and what was received", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    await deploy(2, { bytes: "good two" });
    await running(2, from);
    await world.broker.waitFor<FleetEvent>("/events", isState("committed"), from);
    const told = updateEvents(world, from);
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
    expect(updateEvents(world, from).some(({ bytes }) => bytes === 0)).toBe(true);
  });

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

  it("whose bytes on the way are not what was signed keeps the former model until they are", async () => {
    world.start();
    const [good] = await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    world.objects.spoil("good two");
    await deploy(2, { bytes: "good two", missing: true });
    const wrong = ({ updates }: Reported) => updates?.[0]?.error?.code === "ARTIFACT_DIGEST";
    expect(await world.reported(wrong, from)).toMatchObject({
      updates: [{ state: "fetching" }],
      pipelines: [{ state: "running", model: { digest: good } }],
    });
    const later = now();
    world.objects.put("good two");
    expect((await running(2, later)).updates).toMatchObject([{ state: "committed", error: null }]);
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

  it("waits for an object that the hub does not hold yet, and says so", async () => {
    world.start();
    const [digest] = await deploy(1, { bytes: "good one", missing: true });
    const waiting = await world.reported(
      ({ updates }) => updates?.[0]?.error?.code === "ARTIFACT_MISSING",
    );
    expect(waiting.update).toMatchObject({ state: "fetching", fetchedBytes: 0, totalBytes: 8 });
    expect(world.objects.put("good one")).toBe(digest);
    expect((await running(1)).pipelines[0]?.error).toBeNull();
  });

  it("is given up when the hub refuses the device, and what runs runs on", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    world.objects.script.push(status(401));
    const from = now();
    await deploy(2, { bytes: "good two" });
    const reported = await world.reported(settled(2, "rolled-back"), from);
    expect(reported).toMatchObject({
      updates: [{ error: { code: "HUB_REFUSED" } }],
      pipelines: [{ state: "running" }],
    });
  });

  it("that does not fit on the disk says how much is missing, and goes on when there is room", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    await world.terminate();
    world.installTool("df", "echo head; echo /dev/mmcblk0p1 100 90 10 90% /");
    const from = now();
    world.start();
    await deploy(2, { bytes: "good two" });
    const isFull = ({ updates }: Reported) => updates?.[0]?.error?.code === "BOARD_DISK_FULL";
    const reported = await world.reported((r) => isFull(r) && allRun(r), from);
    expect(reported).toMatchObject({ generation: 2, updates: [{ state: "fetching" }] });
    expect(reported.updates?.[0]?.error?.message).toMatch(/\d+ bytes are missing/);
    world.installTool("df", "echo head; echo /dev/mmcblk0p1 1000000 90 999910 1% /");
    expect((await running(2, from)).updates).toMatchObject([{ state: "committed", error: null }]);
  });

  it("gives way to a newer document while it is still fetching", async () => {
    world.start();
    world.objects.script.push(stallAfter(3));
    await deploy(1, { bytes: "good one" });
    await world.reported(({ update }) => update.state === "fetching" && update.fetchedBytes === 3);
    const givenWay = Date.now();
    const [second] = await deploy(2, { bytes: "good two" });
    expect((await running(2)).pipelines[0]?.model.digest).toBe(second);
    expect(objectFiles()).toEqual([hex(second)]);
    // A download that stands still is given up after 15 s.
    expect(Date.now() - givenWay).toBeLessThan(14_000);
  });

  it("shows its certificate to its hub", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const objects = world.objects.requests.filter(({ peer }) => peer === DEVICE);
    expect(objects).toHaveLength(world.objects.requests.length);
  });

  it("fetches from another origin as nobody", async () => {
    const elsewhere = await ObjectServer.start();
    elsewhere.put("good one");
    world.start();
    world.artifactUrl = elsewhere.url;
    await deploy(1, { bytes: "good one" });
    await running(1);
    expect(elsewhere.requests).toEqual([{}]);
    await elsewhere.stop();
  });

  it("keeps the objects of the set before and removes older ones", async () => {
    world.start();
    const digests: string[] = [];
    for (const [index, bytes] of ["good 1", "good 2", "good 3"].entries()) {
      const from = now();
      digests.push(...(await deploy(index + 1, { bytes })));
      await running(index + 1, from);
    }
    expect(objectFiles()).toEqual(digests.slice(1).map(hex).sort());
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
