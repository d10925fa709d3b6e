import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pipelineInputs } from "./inputs.ts";
import { failureFrom } from "./support/driver.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const MODEL = join(import.meta.dirname, "../../../models/street-v1-b1.onnx");

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const ask = (name: string, args: Parameters<World["driver"]["invoke"]>[1]) =>
  world.driver.invoke(`jetfleet:index:${name}`, args);

test("getDevice gives what a device says of itself, and names those there are for one that is not", async () => {
  await world.device("door", { site: "basel" });
  const urn = urnOf("Pipeline", "entrance");
  const inputs = await world.driver.checked(urn, pipelineInputs("door"));
  const { state } = await world.driver.create(urn, inputs);
  const { answer } = await ask("getDevice", { name: "door" });
  expect(answer).toMatchObject({
    ...{ name: "door", online: true, board: "tx2", jetpack: "4.6.1", simulated: true },
    labels: { site: "basel" },
    pipelines: [{ name: "entrance", state: "running", specDigest: state["specDigest"] }],
  });
  expect(JSON.stringify(answer)).not.toMatch(/null|geheim/);
  const failure = await failureFrom(ask("getDevice", { name: "gate" }));
  expect(failure.message).toMatch(/gate is none of: door/);
});

test("getFleetStatus says what runs and what is wrong, with what helps", async () => {
  const away = await world.device("away");
  await away.leave();
  const { answer } = await ask("getFleetStatus", {});
  expect(answer).toMatchObject({
    healthy: false,
    problems: [{ severity: "error", device: "away", code: "AGENT_OFFLINE" }],
  });
  expect(answer["devices"]).toMatchObject([
    { name: "away", presence: "offline" },
    { name: "door", presence: "online", pipelines: [{ name: "entrance", state: "running" }] },
  ]);
});

test("planEngine plans a file on a board without asking anybody", async () => {
  const plan = await ask("planEngine", { source: MODEL, board: "tx2" });
  expect(plan.answer).toMatchObject({ verdict: "runs", precision: "fp16" });
  const impossible = { source: MODEL, board: "tx2", budget: { minFps: 5000 } };
  expect((await ask("planEngine", impossible)).answer).toMatchObject({ verdict: "refused" });
  const failure = await failureFrom(ask("planEngine", { source: MODEL, board: "toaster" }));
  expect(failure.message).toMatch(/BOARD_UNKNOWN.*toaster/);
});

test("arguments are checked by name, and functions that are none are named with those there are", async () => {
  const { failures } = await ask("getDevice", { nmae: "door" });
  expect(failures.map(({ property }) => property).sort()).toEqual(["name", "nmae"]);
  const failure = await failureFrom(ask("getDevices", {}));
  expect(failure.message).toMatch(/getDevice, .*planEngine but got jetfleet:index:getDevices/);
});
