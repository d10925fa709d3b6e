import { describe, expect, it } from "vitest";
import type { PipelineUpdate, Reported } from "../../fleet/contract/index.ts";
import { runnersOf, settled, updateEvents, versionFor, type Wanted } from "./support/deploying.ts";
import { drip } from "./support/object-server.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, running, now } = worldForEach((opened) => {
  world = opened;
  world.start();
});

const ENTRANCE: Wanted = { bytes: "good one" };
const YARD: Wanted = { bytes: "good yard", name: "yard" };
const BIG: Wanted = { bytes: `good ${"x".repeat(400_000)}` };
const digestOf = (wanted: Wanted) => versionFor(wanted).model.digest;

function isAt(pipeline: string, state: PipelineUpdate["state"]) {
  return ({ updates }: Reported) =>
    updates?.some((one) => one.pipeline === pipeline && one.state === state) === true;
}

function statesOf(from: number, pipeline: string): string[] {
  return updateEvents(world, from, pipeline).map(({ state }) => state);
}

describe("a change of one pipeline", () => {
  it("leaves the download of another one alone, which goes on where it is", async () => {
    await deploy(1, ENTRANCE);
    await running(1);
    const from = now();
    world.objects.script.push(drip(100, 100));
    await deploy(2, BIG);
    await world.reported(
      ({ updates }) => (updates?.[0]?.fetchedBytes ?? 0) > 0.2 * BIG.bytes.length,
      from,
    );
    await deploy(3, BIG, YARD);
    const yard = await world.reported(isAt("yard", "committed"), from);
    expect(yard.updates?.[0]).toMatchObject({ pipeline: "entrance", state: "fetching" });
    await running(3, from);
    expect(world.objects.asked.filter((digest) => digest === digestOf(BIG))).toHaveLength(1);
    expect(world.objects.requests.filter(({ range }) => range !== undefined)).toEqual([]);
    expect(statesOf(from, "entrance").filter((state) => state === "fetching")).toHaveLength(1);
  });

  it("leaves the test of another one alone", async () => {
    await deploy(1, ENTRANCE, YARD);
    await running(1);
    const from = now();
    await deploy(2, { bytes: "slow but good" }, YARD);
    await world.reported(isAt("entrance", "testing"), from);
    await deploy(3, { bytes: "slow but good" }, { ...YARD, bytes: "good yard two" });
    await running(3, from);
    expect(statesOf(from, "entrance").filter((state) => state === "testing")).toHaveLength(1);
  });

  it("goes through while another one waits for what the hub does not hold", async () => {
    await deploy(1, ENTRANCE);
    await running(1);
    const from = now();
    await deploy(2, { bytes: "good but late", missing: true }, YARD);
    const yard = await world.reported(isAt("yard", "committed"), from);
    expect(yard.updates).toMatchObject([
      { pipeline: "entrance", state: "fetching", error: { code: "ARTIFACT_MISSING" } },
      { pipeline: "yard", error: null },
    ]);
    expect(yard.pipelines).toMatchObject([
      { name: "entrance", state: "running", model: { digest: digestOf(ENTRANCE) } },
      { name: "yard", error: null },
    ]);
  });

  it("neither restarts nor blames another one", async () => {
    await deploy(1, ENTRANCE, YARD);
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    await deploy(2, { bytes: "abort one" }, YARD);
    const reported = await world.reported(settled(2, "rolled-back"), from);
    expect(reported.pipelines).toMatchObject([
      { name: "entrance", error: { code: "RUNNER_CRASHED" } },
      { name: "yard", restarts: 0, error: null },
    ]);
    expect(runnersOf(world.pid)).toEqual(runners);
    expect(statesOf(from, "yard")).toEqual([]);
  });

  it("that comes while its former one is on trial waits for the outcome", async () => {
    await deploy(1, ENTRANCE);
    await world.reported(isAt("entrance", "watching"));
    const from = now();
    await deploy(2, { bytes: "bad two" });
    await world.reported(isAt("entrance", "waiting"), from);
    const reported = await world.reported(settled(2, "rolled-back"), from);
    expect(reported.pipelines).toMatchObject([
      { state: "running", model: { digest: digestOf(ENTRANCE) } },
    ]);
  });

  it("that takes it away while it is fetched ends the download", async () => {
    await deploy(1, YARD);
    await running(1);
    world.objects.script.push(drip(40, 200));
    await deploy(2, BIG, YARD);
    await world.reported(isAt("entrance", "fetching"));
    const from = now();
    await deploy(3, YARD);
    const reported = await world.reported(settled(3, "committed"), from);
    expect(reported.pipelines.map(({ name }) => name)).toEqual(["yard"]);
    expect(reported.updates?.map(({ pipeline }) => pipeline)).toEqual(["yard"]);
  });
});

describe("an object that two pipelines need", () => {
  it("is fetched once, and goes on for one when the other wants it no more", async () => {
    const yard = { ...BIG, name: "yard" };
    world.objects.script.push(drip(30, 100));
    await deploy(1, BIG, yard);
    await world.reported(({ updates }) => (updates?.[1]?.fetchedBytes ?? 0) > 0);
    await deploy(2, ENTRANCE, yard);
    const from = now();
    await running(2, from);
    expect(world.objects.asked.filter((digest) => digest === digestOf(BIG))).toHaveLength(1);
  });
});
