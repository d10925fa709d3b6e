import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  Detections,
  FleetEvent,
  type Presence,
  Reported,
  Stats,
} from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { modelOf, pipelineOf, versionOf } from "./support/desired.ts";
import { versionDigest } from "../../agent/reconcile/plan.ts";
import { AgentWorld } from "./support/world.ts";

let world: AgentWorld;

beforeEach(async () => {
  world = await AgentWorld.create();
});

afterEach(async () => {
  await world.destroy();
});

const state = (name: string) => (reported: Reported) => reported.update.state === name;
const running = (reported: Reported) => reported.pipelines[0]?.state === "running";

/** Publishes a document with one pipeline `entrance` on a model with these bytes. */
async function deploy(generation: number, bytes: string, uri?: string): Promise<string> {
  world.objects.put(bytes);
  const model = modelOf("m", bytes);
  await world.deploy({
    generation,
    models: [model],
    pipelines: [pipelineOf("entrance", "m", uri)],
  });
  return model.digest;
}

describe("the agent on Node 16", () => {
  it("says that it is online, then deploys a document and sends results", async () => {
    world.start();
    await world.broker.waitFor<Presence>("/presence", ({ online }) => online);
    const digest = await deploy(1, "good one");

    const reported = Reported.parse(await world.reported((r) => r.generation === 1 && running(r)));
    expect(reported.pipelines[0]).toMatchObject({
      name: "entrance",
      model: { name: "m", digest },
      specDigest: versionDigest(versionOf("entrance", "good one")),
      restarts: 0,
      error: null,
    });
    expect(reported.board.node).toMatch(/^v16\./);
    await world.reported(state("committed"));

    const batch = Detections.parse(await world.broker.waitFor("/detections/entrance", () => true));
    expect(batch).toMatchObject({ pipeline: "entrance", seq: 0, modelDigest: digest });
    const stats = Stats.parse(
      await world.broker.waitFor<Stats>("/stats", ({ pipelines }) => pipelines.length === 1),
    );
    expect(stats.board.memoryTotalBytes).toBeGreaterThan(0);
    expect(stats.pipelines[0]?.fps).toBe(20);
  });

  it("tries MQTT 5 once and then stays with 3.1.1", async () => {
    world.start();
    const birth = await world.broker.waitFor<Presence>("/presence", ({ online }) => online);
    world.broker.dropClients();
    await world.broker.waitFor<Presence>(
      "/presence",
      ({ online, seq }) => online && seq > birth.seq,
    );
    expect(world.broker.connects).toEqual([5, 4, 4]);
  });

  it("numbers events without gaps and chains them by hash over a kill", async () => {
    world.start();
    await deploy(1, "good one");
    await world.reported(state("committed"));
    await world.kill();
    const before = world.broker.received.length;
    world.start();
    await world.broker.waitFor<FleetEvent>(
      "/events",
      ({ kind }) => kind === "agent-started",
      before,
    );
    // A resend after the kill may repeat an event; its number tells.
    const bySeq = new Map(
      world.broker.received
        .filter(({ topic }) => topic.endsWith("/events"))
        .map(({ payload }) => [FleetEvent.parse(payload).seq, payload as FleetEvent]),
    );
    const events = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const hashes = events.map((event) => sha256Digest(JSON.stringify(event)).slice(7));
    expect(events.map(({ previous }) => previous)).toEqual([null, ...hashes.slice(0, -1)]);
  });
});
