import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { certifyDevice } from "../../hub/device-identity.ts";
import { changed, pipelineInputs } from "./inputs.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { FakeDevice } from "./support/fake-device.ts";
import { createWorld, FLEET, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");
const modelUrn = urnOf("Model", "people");

/** Where all is deployed at first, and hubs of the same fleet and keys that know nothing of it. */
let former: World;
let fresh: World;
/** For one test alone: any other's roles would be newer than those that its device remembers. */
let untouched: World;
let moved: Properties;

beforeAll(async () => {
  [former, fresh, untouched] = await Promise.all([createWorld(), createWorld(), createWorld()]);
  for (const { driver, config } of [untouched, fresh]) {
    moved = { ...config, signingKey: former.config["signingKey"] ?? null };
    await driver.configure((await driver.checkConfig(moved)).inputs);
  }
});
afterAll(async () => {
  await Promise.all([former, fresh, untouched].map((world) => world.close()));
});

async function deployed(device: string): Promise<{ pipeline: Resource; device: FakeDevice }> {
  const peer = await former.device(device);
  const inputs = await former.driver.checked(urn, pipelineInputs(device));
  return { pipeline: await former.driver.create(urn, inputs), device: peer };
}

/** The device at the other hub, with what it runs and remembers. */
async function follow(
  { hub, dir }: World,
  device: string,
  before: FakeDevice,
): Promise<FakeDevice> {
  const identity = await certifyDevice(hub, FLEET, device, join(dir, `${device}.pem`));
  const { mqttUrl } = await hub.info();
  const { publicKeyPem } = former;
  const peer = await FakeDevice.connect({ mqttUrl, identity, publicKeyPem, memory: before.memory });
  peer.desired = before.desired;
  await peer.report();
  return peer;
}

async function warned(world: World, text: RegExp): Promise<void> {
  const lines = () => world.engine.lines.filter(({ severity }) => severity === 2);
  await vi.waitFor(() =>
    expect(
      lines()
        .map(({ text }) => text)
        .join("\n"),
    ).toMatch(text),
  );
}

describe.concurrent("after a move to a fresh hub", { timeout: 60_000 }, () => {
  test("the changed configuration of a provider is told, and nothing is replaced by it", async () => {
    const diff = await former.driver.diffConfig(former.config, moved);
    expect(Object.keys(diff.changes).sort()).toEqual(["hubUrl", "operatorCredentials"]);
    expect(diff.replaces).toEqual([]);
  });

  test("a model is not there yet: it shows without a question to anybody, and is sent again", async () => {
    const inputs = await former.driver.checked(modelUrn, {
      source: former.modelPath,
      labels: ["a"],
    });
    const model = await former.driver.create(modelUrn, inputs);
    const news = await fresh.driver.checked(modelUrn, { source: former.modelPath, labels: ["a"] });
    expect((await fresh.driver.diff(modelUrn, model, news)).changes).toEqual({ hub: "UPDATE" });
    const sent = await fresh.driver.update(modelUrn, model, news);
    expect(await fresh.hub.hasObject(model.id)).toBe(true);
    expect((await fresh.driver.diff(modelUrn, sent, news)).changes).toEqual({});
  });

  test("a pipeline is released there without a refresh, under the numbers that its device knows", async () => {
    const { pipeline, device } = await deployed("follows");
    const peer = await follow(fresh, "follows", device);
    const news = await fresh.driver.checked(urn, pipelineInputs("follows"));
    expect((await fresh.driver.diff(urn, pipeline, news)).changes).toEqual({ hub: "UPDATE" });
    const updated = await fresh.driver.update(urn, pipeline, news);
    expect(updated.state["released"]).toEqual(pipeline.state["released"]);
    expect(peer.refusals).toEqual([]);
    expect((await fresh.driver.diff(urn, updated, news)).changes).toEqual({});
  });

  test("a refresh says that it is absent there, and no more than that", async () => {
    const { pipeline } = await deployed("looks");
    const read = await fresh.driver.read(urn, pipeline);
    expect(read.id).toBe(pipeline.id);
    expect(read.state["state"]).toBe("absent");
  });

  test("deleting a pipeline that the hub never heard of stops it on its device", async () => {
    const { pipeline, device } = await deployed("stops");
    const peer = await follow(untouched, "stops", device);
    expect(peer.desired?.pipelines).toHaveLength(1);
    await untouched.driver.delete(urn, pipeline);
    expect(peer.desired?.pipelines).toEqual([]);
    expect(peer.refusals).toEqual([]);
  });

  test("one of a device that never came there is not told deleted, unless it is forgotten", async () => {
    const { pipeline } = await deployed("stays");
    const failure = await failureFrom(fresh.driver.delete(urn, pipeline));
    expect(failure.message).toMatch(/stays.*never reported here and may still run it/);
    expect(failure.message).toContain("jetfleet:onUnreachable forget");
    const forgetting = {
      ...pipeline,
      inputs: changed(pipeline.inputs, "device.onUnreachable", "forget"),
    };
    await fresh.driver.delete(urn, forgetting);
    await warned(fresh, /stays.*may still run it; it is forgotten/);
  });

  test("at the hub that had it, one without a document and a device is gone", async () => {
    const { pipeline, device } = await deployed("erased");
    await device.leave();
    await former.hub.deleteDevice("erased");
    await expect(former.driver.delete(urn, pipeline)).resolves.toBeUndefined();
  });
});
