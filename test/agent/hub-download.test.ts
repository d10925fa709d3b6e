import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Reported } from "../../fleet/contract/index.ts";
import { ShapedNetwork } from "../e2e/support/shaped-network.ts";
import { Releaser } from "../hub/releaser.ts";
import { HubProcess, until } from "../hub/running-hub.ts";
import { versionFor, type Wanted } from "./support/deploying.ts";
import { BOARD, DEVICE } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

/** The device knows the hub by this address, behind which its network lies. */
const FAR = "127.0.0.2";
const BIG: Wanted = { bytes: `good ${"x".repeat(4_000_000)}` };
const YARD: Wanted = { bytes: "good yard", name: "yard" };

let hub: HubProcess;
let network: ShapedNetwork;
let world: AgentWorld;
let releaser: Releaser;
let reported: Reported | undefined;
let leave: () => Promise<void>;

beforeEach(async () => {
  hub = await HubProcess.start("--advertise", FAR);
  network = new ShapedNetwork();
  world = await AgentWorld.create();
  const { httpUrl, mqttUrl } = hub.record;
  for (const url of [httpUrl, mqttUrl]) {
    const port = Number(new URL(url).port);
    await network.open(port, { host: FAR, port });
  }
  releaser = new Releaser(hub.client());
  await releaser.certify();
  await hub.certify(DEVICE);
  const link = await hub.client().connectMqtt();
  await link.subscribe(DEVICE, "reported", (message) => {
    reported = message;
  });
  leave = () => link.close();
  world.start({
    ...{ fleet: hub.record.fleet, hubUrl: httpUrl, mqttUrl },
    identityFile: hub.identityFile(DEVICE),
    fleetPublicKey: releaser.key.publicKeyPem,
  });
});

afterEach(async () => {
  await leave();
  await world.destroy();
  network.close();
  await hub.remove();
});

/** Uploads the model and chooses the pipeline, as `up` does. */
async function release(wanted: Wanted): Promise<void> {
  const { spec, model } = versionFor(wanted);
  const file = join(world.folder, "model");
  writeFileSync(file, wanted.bytes);
  await hub.client().putObject(model.digest, file, () => undefined);
  const sealed = releaser.seal({ device: DEVICE, board: BOARD, spec, manifest: model });
  await releaser.choose(DEVICE, sealed);
}

const updateOf = (pipeline: string) =>
  reported?.updates?.find((update) => update.pipeline === pipeline);

describe("an unrelated change during a slow download, by a real hub", () => {
  it("lets the download go on: the other pipeline is there first, and no byte comes twice", async () => {
    await release(BIG);
    network.limit(2_000_000);
    const before = network.passedBytes.back;
    await until("a quarter is fetched", () => {
      return (updateOf("entrance")?.fetchedBytes ?? 0) > BIG.bytes.length / 4;
    });
    await release(YARD);
    await until("the yard is in force", () => updateOf("yard")?.state === "committed");
    expect(updateOf("entrance")).toMatchObject({ state: "fetching", error: null });
    await until("the entrance is in force", () => updateOf("entrance")?.state === "committed");
    // All that passed, telemetry and handshakes with it.
    expect(network.passedBytes.back - before).toBeLessThan(1.3 * BIG.bytes.length);
  }, 90_000);
});
