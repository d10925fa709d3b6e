import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Presence, Reported } from "../../fleet/contract/index.ts";
import { AgentWorld } from "./support/world.ts";

const run = promisify(execFile);
const missing = spawnSync("mosquitto_sub", ["--help"]).error !== undefined;
const why = missing ? " (skipped: no mosquitto-clients)" : "";

let world: AgentWorld;

beforeEach(async () => {
  world = await AgentWorld.create();
  operatorFile = await world.fleet.certify("op", "operator");
});

afterEach(async () => {
  await world.destroy();
});

let operatorFile: string;

const login = () => [
  ...["-h", "127.0.0.1", "-p", String(world.broker.port)],
  ...["--cafile", operatorFile, "--cert", operatorFile, "--key", operatorFile],
];

interface Message {
  retained: number;
  qos: number;
  topic: string;
  payload: unknown;
}

/** What a client that comes later finds retained, as an implementation that is not ours sees it. */
async function retained(count: number): Promise<Message[]> {
  for (const end = Date.now() + 20_000; ; ) {
    const { stdout } = await run("mosquitto_sub", [
      ...login(),
      ...["-q", "1", "-t", "jetfleet/#", "--retained-only", "-C", String(count), "-W", "10"],
      ...["-F", '{"retained":%r,"qos":%q,"topic":"%t","payload":%p}'],
    ]);
    const lines = stdout.split("\n").filter((line) => line !== "");
    // It ends at the first message that comes live, also before it has shown what is retained.
    if (lines.length < count && Date.now() < end) continue;
    return lines
      .map((line) => JSON.parse(line) as Message)
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }
}

describe.skipIf(missing)(`a client of another make${why}`, () => {
  it("deploys by a retained message and finds presence and reported retained", async () => {
    world.start();
    const { asks } = await world.reported((r) => r.asks !== undefined);
    const composition = { artifactUrl: world.objects.url, versions: [], answers: asks };
    const text = JSON.stringify(world.release.compose({ generation: 3, ...composition }));
    await run("mosquitto_pub", [
      ...login(),
      "-q",
      "1",
      "-r",
      "-t",
      world.topic("desired"),
      "-m",
      text,
    ]);
    await world.reported((r) => r.generation === 3 && r.update.state === "committed");
    const [, presence, reported] = await retained(3);
    expect(presence).toMatchObject({ retained: 1, qos: 1, topic: world.topic("presence") });
    expect(Presence.parse(presence?.payload).online).toBe(true);
    expect(reported).toMatchObject({ retained: 1, qos: 1, topic: world.topic("reported") });
    expect(Reported.parse(reported?.payload).generation).toBe(3);
  });

  it("sees by the will that a killed agent is gone, with the number of its birth", async () => {
    world.start();
    await world.broker.waitFor<Presence>("/presence", ({ online }) => online);
    const [birth] = await retained(1);
    await world.kill();
    await world.broker.waitFor<Presence>("/presence", ({ online }) => !online);
    const [will] = await retained(1);
    const { bootId, seq } = Presence.parse(birth?.payload);
    expect(will?.payload).toMatchObject({ online: false, bootId, seq });
  });
});
