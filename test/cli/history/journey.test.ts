import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ToldEvent } from "../../../fleet/hub/client/index.ts";
import { AgentWorld } from "../../agent/support/world.ts";
import { HubProcess, outcomeOf, until } from "../../hub/running-hub.ts";
import { JETFLEET } from "../support/two-devices.ts";
import { ReportingDevice } from "./reporting-device.ts";

let hub: HubProcess;

beforeAll(async () => {
  hub = await HubProcess.start();
  for (const name of ["door", "gate", "yard"]) await hub.certify(name);
});
afterAll(() => hub.remove());

function jetfleet(...args: string[]) {
  return outcomeOf(JETFLEET, [
    ...args,
    "--hub",
    hub.record.httpUrl,
    "--identity",
    hub.operatorFile,
  ]);
}

async function eventsOf(device: string): Promise<ToldEvent[]> {
  const { code, stdout } = await jetfleet("events", "--device", device, "--since", "1h", "--json");
  expect(code).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ToldEvent);
}

describe("an outage that nobody watched", () => {
  let world: AgentWorld;
  const start = () =>
    world.start({
      fleet: "demo",
      device: "door",
      hubUrl: hub.record.httpUrl,
      mqttUrl: hub.record.mqttUrl,
      identityFile: hub.identityFile("door"),
    });
  const kinds = async () => (await eventsOf("door")).map(({ kind }) => kind);
  afterEach(() => world.destroy());

  it("is there afterwards, of the device and of the hub, and the chain is whole", async () => {
    world = await AgentWorld.create();
    start();
    await until("the first start", async () => (await kinds()).includes("agent-started"));
    await world.kill();
    await until("the outage", async () => (await kinds()).includes("device-offline"));
    start();
    const isBack = (list: string[]) => list.filter((kind) => kind === "device-online").length === 2;
    await until("the return", async () => isBack(await kinds()));
    await until("the second start", async () => {
      return (await kinds()).filter((kind) => kind === "agent-started").length === 2;
    });
    const events = await eventsOf("door");
    const of = (source: string) => events.filter((event) => event.source === source);
    expect(of("hub").map(({ kind }) => kind)).toEqual([
      "device-online",
      "device-offline",
      "device-online",
    ]);
    expect(of("hub").at(-1)?.data).toEqual({ offlineMs: expect.any(Number) });
    expect(of("device").map(({ kind, seq }) => [kind, seq])).toEqual([
      ["journal-started", 1],
      ["agent-started", 2],
      ["agent-started", 3],
    ]);
    await until("a whole chain up to the device's head", async () => {
      const { code, stdout } = await jetfleet("journal", "verify", "door");
      return code === 0 && stdout.includes("from 1 to 3; the device's head is 3");
    });
    const { stdout } = await jetfleet("events", "--device", "door");
    expect(stdout).toMatch(/door {2}device-offline: The device is offline/);
    expect(stdout).toMatch(/device-online: The device is online \(was offline for \d+ s\)/);
  }, 60_000);
});

describe("a hub that is killed while events flow", () => {
  it("loses none and doubles none, and the chain is whole from the device to the hub", async () => {
    const kills = 4;
    // The agent waits longer after each failure, up to half a minute.
    const connection = (): Promise<void> => until("a connection", () => device.connected);
    const device = await ReportingDevice.start(hub, "gate");
    let sent = 0;
    // Fewer than the device keeps: what it drops is another test's.
    const flow = setInterval(() => {
      if (sent < 900) device.event(`event ${(sent += 1)}`);
    }, 15);
    for (let kill = 0; kill < kills; kill += 1) {
      await connection().catch(connection);
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 600));
      await hub.end("SIGKILL");
      await hub.restart();
    }
    clearInterval(flow);
    await connection().catch(connection);
    await until("the last acknowledgement", () => device.settled);
    const events = (await eventsOf("gate")).filter(({ source }) => source === "device");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    const told = events.filter(({ kind }) => kind === "test").map(({ message }) => message);
    expect(told).toEqual(Array.from({ length: sent }, (_, at) => `event ${at + 1}`));
    await device.stop();
    expect(sent).toBeGreaterThan(100);
    const { code, stdout } = await jetfleet("journal", "verify", "gate", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      journals: [{ device: "gate", state: "whole", events: sent + 1, findings: [] }],
    });
    expect(code).toBe(0);
  }, 120_000);
});

describe("an event that the hub cannot keep", () => {
  it("is not acknowledged, stays on the device, and comes once it can", async () => {
    const device = await ReportingDevice.start(hub, "yard");
    await until("the first event", () => device.settled);
    const db = new DatabaseSync(path.join(hub.stateDir, "history", "history.sqlite"));
    db.exec("BEGIN IMMEDIATE");
    device.event("kept back");
    await until("a word of the hub", () => hub.log.includes("events refused"));
    expect(device.settled).toBe(false);
    db.exec("ROLLBACK");
    db.close();
    await until("the acknowledgement", () => device.settled);
    expect((await eventsOf("yard")).map(({ message }) => message)).toContain("kept back");
    await device.stop();
  }, 60_000);
});
