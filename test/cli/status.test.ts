import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetView } from "../../fleet/view/index.ts";
import { type Outcome, outcomeOf } from "../hub/running-hub.ts";
import { PLAN } from "./support/planned.ts";
import { MODEL_DIGEST, reportedOf, SyntheticDevice } from "./support/synthetic-device.ts";
import { JETFLEET, TwoDevices } from "./support/two-devices.ts";

let world: TwoDevices;

beforeAll(async () => {
  world = await TwoDevices.start();
});
afterAll(() => world.close());

function status(...args: string[]): Promise<Outcome> {
  return outcomeOf(JETFLEET, ["status", ...world.where, ...args]);
}

describe("jetfleet status", () => {
  it("prints devices, pipelines and stages within 80 columns, without a terminal", async () => {
    const { code, stdout, stderr } = await status();
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("2 of 2 devices online");
    expect(stdout).toMatch(/^tx2 +TX2 \(simulated\) +online +4\.6\.1 +MAXN +0\.1\.0/m);
    expect(stdout).toMatch(
      /^xavier\/entrance +running +scene 3f2a91c0 +15\.0 +31\.2 +44\.4 +capture +7$/m,
    );
    expect(stdout).toMatch(/^ {2}detect +0\.1 +0\.4 +24\.6 +33\.1 +0\/2\/4 +7$/m);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\u001b");
  });

  it("prints the documented shape as JSON", async () => {
    const { code, stdout } = await status("--json");
    expect(code).toBe(0);
    const view = FleetView.parse(JSON.parse(stdout));
    expect(view).toMatchObject({ schemaVersion: 2, fleet: "demo", healthy: true });
    expect(view.devices.map(({ name }) => name)).toEqual(["tx2", "xavier"]);
    expect(view.devices[0]?.pipelines[0]).toMatchObject({
      model: { name: "scene", digest: MODEL_DIGEST },
      stats: { latencyMs: { p95: 44.4 }, latencyFrom: "capture" },
    });
    expect(view.devices[0]?.simulated).toBe(true);
  });

  it("prints the schema of its JSON without a hub", async () => {
    const { code, stdout } = await outcomeOf(JETFLEET, ["status", "--json-schema"]);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as { properties: Record<string, unknown> };
    expect(Object.keys(schema.properties)).toContain("devices");
  });

  it("ends with 1 and names code and next step when a pipeline has failed", async () => {
    const failed = reportedOf("xavier");
    const error = {
      code: "SOURCE_UNREACHABLE",
      message: "Expected video from rtsp://***@cam/1 but nothing answered",
      hint: "Check the source's URI and the camera.",
      atMs: Date.now(),
    };
    failed.pipelines = failed.pipelines.map((one) => ({ ...one, state: "failed", error }));
    await world.xavier.say("reported", failed);
    const { code, stdout } = await status();
    expect(code).toBe(1);
    expect(stdout).toContain("error xavier/entrance: SOURCE_UNREACHABLE: Expected video");
    expect(stdout).toContain("next: Check the source's URI and the camera.");
    await world.xavier.say("reported", reportedOf("xavier"));
  });

  it("shows what was planned beside what is measured, in text and JSON", async () => {
    await world.ask("xavier", { plan: PLAN, budget: { minFps: 10, latencyP95Ms: 150 } });
    const { code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^xavier\/entrance {2}gpu fp16 +96–210 +4\.8–10\.4 +24\.6 +10 +150 +met over \d s$/m,
    );
    expect(stdout).toContain("measured on the CPU of this");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const view = FleetView.parse(JSON.parse((await status("--json")).stdout));
    const planned = view.devices.map(({ pipelines: [pipeline] }) => pipeline?.plan);
    expect(planned).toEqual([null, { ...PLAN, ofRunningModel: true }]);
    expect(view.devices[1]?.pipelines[0]?.comparison).toMatchObject({ silicon: "simulation" });
  });

  it("listens to a budget that looks missed until it can say so, and warns with exit code 0", async () => {
    await world.ask("xavier", { budget: { minFps: 25 } });
    const { code, stdout } = await status();
    await world.ask("xavier", {});
    expect(stdout).toMatch(/^xavier\/entrance .* missed$/m);
    expect(stdout).toContain("warning xavier/entrance: PIPELINE_BUDGET: 15.0 fps over 10 s");
    expect(code).toBe(0);
  });

  it("ends with 1 when a device has died", async () => {
    const gate = await SyntheticDevice.connect(world.hub, "gate");
    await gate.say("reported", reportedOf("gate"));
    gate.die();
    const { code, stdout } = await status();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^gate +AGX Xavier \(simulated\) +offline/m);
    expect(stdout).toContain("error gate: AGENT_OFFLINE: the device is offline");
    await world.hub.client().deleteDevice("gate");
    expect((await status()).code).toBe(0);
  });

  it("ends with 2 when there is no answer: no hub, no certificate, wrong usage", async () => {
    const identity = ["--identity", world.hub.operatorFile];
    const dead = await outcomeOf(JETFLEET, ["status", "--hub", "https://127.0.0.1:9", ...identity]);
    expect(dead.code).toBe(2);
    expect(dead.stderr).toContain("HUB_UNREACHABLE");
    const missing = path.join(world.hub.dir, "none.pem");
    const refused = await outcomeOf(JETFLEET, [
      ...["status", "--hub", world.hub.record.httpUrl, "--identity", missing],
    ]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("IDENTITY_MISSING");
    expect((await status("--nonsense")).code).toBe(2);
  });

  it("uses colour only where it is asked for", async () => {
    const env = (...pairs: string[]): Promise<Outcome> =>
      outcomeOf("env", [...pairs, JETFLEET, "status", ...world.where]);
    expect((await env("FORCE_COLOR=1")).stdout).toContain("\u001b[");
    expect((await env("FORCE_COLOR=1", "NO_COLOR=1")).stdout).not.toContain("\u001b");
  });
});
