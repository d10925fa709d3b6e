import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openRoles, sealRoles } from "../../../fleet/release/index.ts";
import { UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { pipelineInputs } from "./inputs.ts";
import type { Resource } from "./support/driver.ts";
import type { FakeDevice } from "./support/fake-device.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const DAY_MS = 24 * 3_600_000;
const urn = urnOf("Pipeline", "entrance");

let world: World;
let device: FakeDevice;
let pipeline: Resource;
beforeAll(async () => {
  world = await createWorld();
  device = await world.device("door");
  pipeline = await world.driver.create(urn, await inputs());
});
afterAll(() => world.close());

function inputs() {
  return world.driver.checked(urn, pipelineInputs("door"));
}

const daysLeft = (iso: unknown) => Math.round((Date.parse(String(iso)) - Date.now()) / DAY_MS);

async function rolesAtHub() {
  const { answer, tag } = await world.hub.deploy.roles();
  return { ...openRoles(answer.roles, world.publicKeyPem), tag };
}

/** As they stand when nobody deployed anything for months. */
async function certifyFor(days: number): Promise<void> {
  const { document, tag } = await rolesAtHub();
  const notAfterMs = Date.now() + days * DAY_MS;
  const aged = {
    ...document,
    number: document.number + 1,
    online: { ...document.online, notAfterMs },
  };
  const roles = sealRoles(aged, readFileSync(join(world.dir, "sign.pem"), "utf8"));
  await world.hub.deploy.putRoles({ roles, rootKey: world.publicKeyPem }, tag);
}

const until = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const diffWith = async (certifiedUntil: string | undefined) => {
  const state = { ...pipeline.state, ...(certifiedUntil !== undefined && { certifiedUntil }) };
  if (certifiedUntil === undefined) delete state["certifiedUntil"];
  return (await world.driver.diff(urn, { ...pipeline, state }, await inputs())).changes;
};

describe("the certificate by which the hub composes", () => {
  test("is told with the pipeline, and is no change while it has time", async () => {
    expect(daysLeft(pipeline.state["certifiedUntil"])).toBe(90);
    expect(await diffWith(until(31))).toEqual({});
  });

  test.each([29, 0, -100])("is a change of its own with %d days left", async (days) => {
    expect(await diffWith(until(days))).toEqual({ certifiedUntil: "UPDATE" });
  });

  test.each([
    [undefined, "ADD"],
    ["soon", "ADD"],
  ])("is a change of its own where the state says %j", async (said, kind) => {
    expect(await diffWith(said)).toEqual({ certifiedUntil: kind });
  });

  test("is renewed by an `up` that changes nothing else, which leaves the pipeline alone", async () => {
    await certifyFor(10);
    await vi.waitFor(() => expect(device.memory.roles?.number).toBe(2), 5000);
    const [{ document: before }, told] = [await rolesAtHub(), device.desired?.wanted];
    const old = { ...pipeline, state: { ...pipeline.state, certifiedUntil: until(10) } };
    const preview = await world.driver.update(urn, old, await inputs(), { preview: true });
    expect(preview.state).toMatchObject({
      certifiedUntil: UNKNOWN,
      released: pipeline.state["released"],
      specDigest: pipeline.state["specDigest"],
    });
    expect((await rolesAtHub()).document).toEqual(before);

    const updated = await world.driver.update(urn, old, await inputs());
    expect(daysLeft(updated.state["certifiedUntil"])).toBe(90);
    const { document } = await rolesAtHub();
    expect(document.number).toBe(before.number + 1);
    expect(daysLeft(new Date(document.online.notAfterMs).toISOString())).toBe(90);
    expect(updated.state["released"]).toEqual(pipeline.state["released"]);
    await vi.waitFor(() => expect(device.memory.roles?.number).toBe(document.number), 5000);
    expect(device.desired?.wanted).toEqual(told);
    expect((await world.driver.diff(urn, updated, await inputs())).changes).toEqual({});
  });

  test("ends with a warning, once, where the root key is not", async () => {
    await certifyFor(10);
    const rootKey = join(world.dir, "root.pub");
    writeFileSync(rootKey, world.publicKeyPem);
    await world.driver.configure(
      (await world.driver.checkConfig({ ...world.config, rootKey })).inputs,
    );
    const old = { ...pipeline, state: { ...pipeline.state, certifiedUntil: until(10) } };
    const kept = await world.driver.update(urn, old, await inputs());
    await world.driver.update(urn, kept, await inputs());
    expect(daysLeft(kept.state["certifiedUntil"])).toBe(10);
    const warnings = () =>
      world.engine.lines.filter(({ text }) => text.includes("the hub's certificate"));
    await vi.waitFor(() => expect(warnings()).toHaveLength(1));
    expect(warnings()[0]?.text).toMatch(/ends at 20.*: run `up` where the root key is/);
  });
});
