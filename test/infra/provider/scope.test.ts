import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { pipelineInputs } from "./inputs.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const BASEL = { site: "basel" };
const SCOPE = { to: "labels", labels: BASEL };

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const urn = (device: string) => urnOf("Pipeline", `${device}-entrance`);

async function inputsOf(device: string, change: Properties = {}, labels: Properties = BASEL) {
  const inputs = pipelineInputs(device);
  const of = { name: device, board: "tx2", labels };
  return await world.driver.checked(urn(device), {
    ...inputs,
    device: of,
    scope: SCOPE,
    ...change,
  });
}

describe("a pipeline that is signed for labels", () => {
  test("is one part for all devices that bear them, and each takes it", async () => {
    const devices = [await world.device("north", BASEL), await world.device("south", BASEL)];
    const north = await world.driver.create(urn("north"), await inputsOf("north"));
    const south = await world.driver.create(urn("south"), await inputsOf("south"));
    expect(south.state["released"]).toEqual(north.state["released"]);
    expect(devices.map(({ desired }) => desired?.refused)).toEqual([[], []]);
    expect((await world.driver.read(urn("south"), south)).state).toEqual(south.state);

    const detect = { ...(pipelineInputs()["detect"] as Properties), minScore: 0.7 };
    const news = await inputsOf("north", { detect });
    const updated = await world.driver.update(urn("north"), north, news);
    expect(updated.state).toMatchObject({ released: { part: { number: { n: 2 } } } });
    expect(devices.map(({ desired }) => desired?.pipelines[0]?.detect.minScore)).toEqual([
      0.7, 0.5,
    ]);
  });

  test("is refused by a device that does not bear them, whatever the program says of it", async () => {
    await world.device("west", { site: "bern" });
    const { failure } = (await world.driver
      .create(urn("west"), await inputsOf("west"))
      .catch((error: unknown) => error)) as { failure: { init: { reasons: string[] } } };
    expect(failure.init.reasons.join()).toContain("PART_OUT_OF_SCOPE");
  });

  test("goes on being released when device and scope get other labels", async () => {
    const before = await world.device("moved", BASEL);
    const first = await world.driver.create(urn("moved"), await inputsOf("moved"));
    await before.leave();
    const bern = { site: "bern" };
    const after = await world.device("moved", bern);
    const news = await inputsOf("moved", { scope: { to: "labels", labels: bern } }, bern);
    expect((await world.driver.diff(urn("moved"), first, news)).changes).toEqual({
      "scope.labels.site": "UPDATE",
    });
    const moved = await world.driver.update(urn("moved"), first, news);
    expect(moved.state["state"]).toBe("running");
    expect(after.desired?.refused).toEqual([]);
  });
});
