import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { versionDigest } from "../../agent/update/pipeline-version.ts";
import {
  Detections,
  FleetEvent,
  type Presence,
  Reported,
  Stats,
} from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { childrenOf } from "../../fleet/sim/board/processes.ts";
import { versionOf } from "./support/desired.ts";
import { AgentWorld, NODE_16 } from "./support/world.ts";

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
  const version = versionOf("entrance", bytes, uri);
  await world.deploy(generation, version);
  return version.model.digest;
}

describe("the agent", () => {
  const nodes = [
    { board: "TX2", node: NODE_16, major: "v16." },
    { board: "AGX Xavier", node: process.execPath, major: "v24." },
  ].filter(({ node }) => existsSync(node));

  it.each(nodes)("deploys a document and sends results on $major, as on $board", async (on) => {
    world.node = on.node;
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
    expect(reported.board.node.slice(0, 4)).toBe(on.major);
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

  it("loads no engine that its disk has changed, builds it anew, and tells of both", async () => {
    world.start();
    await deploy(1, "good one");
    const first = await world.reported((r) => r.update.state === "committed" && running(r));
    const digest = first.pipelines[0]?.engine?.digest ?? "";
    const object = join(world.stateDir, "engines", digest.replace("sha256:", ""));
    const { atime, mtime } = statSync(object);
    const file = openSync(object, "r+");
    writeSync(file, Buffer.from("G"), 0, 1, 0);
    closeSync(file);
    // As a disk does it: nothing but the bytes tells.
    utimesSync(object, atime, mtime);
    const before = world.broker.received.length;
    const [runner] = childrenOf(world.pid);
    process.kill(runner ?? 0, "SIGKILL");

    const spoilt = ({ pipelines: [own] }: Reported) => own?.error?.code === "ARTIFACT_DIGEST";
    await world.reported(spoilt, before);
    const well = await world.reported((r) => running(r) && !spoilt(r), before);
    expect(well.pipelines[0]?.error).toBeNull();
    expect(readFileSync(object, "utf8")).toMatch(/^good one/);
    const built = ({ kind }: FleetEvent) => kind === "engine-built";
    await world.broker.waitFor<FleetEvent>("/events", built, before);
  });

  it("keeps one tegrastats and sends what it says", async () => {
    world.installTool(
      "tegrastats",
      `echo started >> ${world.folder}/tegrastats.starts
      while :; do
        echo "RAM 2000/7852MB (lfb 1x4MB) CPU [10%@345,off,off,20%@345] GR3D_FREQ 33% GPU@41C VDD_IN 3056/3056"
        sleep 0.2
      done`,
    );
    world.start();
    const warm = (stats: Stats) => stats.board.gpuPercent === 33;
    const { board } = await world.broker.waitFor<Stats>("/stats", warm);
    expect(board).toMatchObject({
      cpuPercent: 15,
      memoryUsedBytes: 2000 * 2 ** 20,
      temperaturesCelsius: { GPU: 41 },
      powerMilliwatts: { VDD_IN: 3056 },
    });
    await world.broker.waitFor<Stats>("/stats", ({ seq }) => seq >= 4);
    expect(readFileSync(join(world.folder, "tegrastats.starts"), "utf8")).toBe("started\n");
  });

  it("reports the power mode that nvpmodel says", async () => {
    world.installTool("nvpmodel", 'echo "NV Power Mode: MAXP_CORE_ARM"; echo 3');
    world.start();
    const reported = await world.reported(() => true);
    expect(reported.board).toMatchObject({ powerMode: "MAXP_CORE_ARM", simulated: false });
  });
});
