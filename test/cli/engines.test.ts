import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Desired, DesiredMessage, type KeptEngine } from "../../fleet/contract/index.ts";
import { type Outcome, outcomeOf, until } from "../hub/running-hub.ts";
import { MODEL_DIGEST, reportedOf } from "./support/synthetic-device.ts";
import { JETFLEET, TwoDevices } from "./support/two-devices.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const BUILT: KeptEngine = {
  ...{ key: digest("b"), model: MODEL_DIGEST, accelerator: "cpu", outcome: "built", inUse: true },
  ...{ atMs: Date.UTC(2026, 10, 27, 8, 0), seconds: 2.25, digest: digest("c") },
  ...{ sizeBytes: 3 * 2 ** 20, origin: "built-here" },
};
const FETCHED: KeptEngine = {
  ...{ ...BUILT, key: digest("f"), inUse: false, origin: "fetched" },
  attestation: { device: "xavier", atMs: 1 },
  selfTest: { candidates: 38, mostScoreOff: 0.0002, leastIou: 0.999 },
};
const UNBUILDABLE: KeptEngine = {
  ...{ key: digest("d"), model: digest("e"), accelerator: "cpu", outcome: "unbuildable" },
  ...{ atMs: Date.UTC(2026, 10, 26, 8, 0), seconds: 0.5, inUse: false },
  error: { code: "MODEL_INVALID", message: "a node nobody knows", hint: "", atMs: 1 },
};

const TELLS = { engineQuotaBytes: 2 * 2 ** 30, pruned: null };

let world: TwoDevices;
beforeAll(async () => {
  world = await TwoDevices.start();
  const engines = [BUILT, FETCHED, UNBUILDABLE];
  await world.tx2.say("reported", { ...reportedOf("tx2", "tx2"), engines, ...TELLS });
});
afterAll(() => world.close());

const engines = (...args: string[]): Promise<Outcome> =>
  outcomeOf(JETFLEET, ["engines", ...world.where, ...args]);

describe("jetfleet engines", () => {
  it("lists what each device built, and says of which it cannot tell", async () => {
    const { code, stdout, stderr } = await engines();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^tx2: 3 as reported .*, 6\.0 MiB of a quota of 2\.0 GiB$/m);
    expect(stdout).toMatch(
      /^ {2}scene 3f2a91c0 +cpu +b{8} +3\.0 MiB +built-here +.* +2\.3 s +in use$/m,
    );
    expect(stdout).toMatch(
      /^ {2}scene 3f2a91c0 +cpu +f{8} .* fetched from xavier +38 found, off by 0\.0002 .* kept$/m,
    );
    expect(stdout).toMatch(/^ {2}e{8} +cpu +d{8} +- +- .* cannot be built$/m);
    expect(stdout).toMatch(/^ {2}d{8}: MODEL_INVALID: a node nobody knows$/m);
    expect(stdout).toMatch(/^xavier: its agent tells nothing of engines$/m);
    expect(code).toBe(1);
  });

  it("answers for one device, in JSON with all of it, and ends with 0 when that is complete", async () => {
    const { code, stdout } = await engines("tx2", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      devices: [{ device: "tx2", engines: [BUILT, { inUse: false }, UNBUILDABLE] }],
    });
  });

  it("does not know a device that the hub does not know, and names those that it does", async () => {
    const { code, stderr } = await engines("tx3");
    expect(code).toBe(2);
    expect(stderr).toMatch(/USAGE.*tx3[\s\S]*It knows tx2, xavier\./);
  });
});

describe("jetfleet engines prune", () => {
  it("says what would go, what stays and why, and removes nothing", async () => {
    const { code, stdout } = await engines("prune", "tx2");
    expect(stdout).toMatch(/^tx2: 1 to remove, 3\.0 MiB; /m);
    expect(stdout).toMatch(/^ {2}goes {3}f{8} scene 3f2a91c0 cpu 3\.0 MiB$/m);
    expect(stdout).toMatch(/^ {2}stays {2}b{8} .*runs its model/m);
    expect(stdout).toMatch(/^Nothing was removed: say --yes to do it\.$/m);
    expect(code).toBe(0);
  });

  it("orders it with --yes, signed by the hub with what the device runs, and waits until it was followed", async () => {
    await world.ask("tx2", {});
    const hub = world.hub.client();
    const ordered = engines("prune", "tx2", "--yes", "--json");
    const desired = async () => {
      const message = Buffer.from((await hub.getRetained("tx2", "desired")) ?? []);
      const { desired: sealed } = DesiredMessage.parse(JSON.parse(message.toString()));
      return Desired.parse(JSON.parse(sealed.payload));
    };
    await until("the order to be composed", async () => (await desired()).prune !== undefined);
    const { prune, pipelines } = await desired();
    expect(prune).toEqual({ number: 1, keys: [digest("f")] });
    expect(pipelines).toHaveLength(1);
    const pruned = { ...{ number: 1, atMs: 5, removed: 0, removedBytes: 0, inUse: 1, absent: 0 } };
    await world.tx2.say("reported", { ...reportedOf("tx2", "tx2"), ...TELLS, engines: [], pruned });
    const { code, stdout } = await ordered;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ordered: true, devices: [{ pruned, note: null }] });
  });

  it("sends nothing to an agent that tells nothing of engines", async () => {
    const { code, stdout } = await engines("prune", "xavier", "--yes");
    expect(stdout).toMatch(/^xavier: it reports no engines$/m);
    expect(code).toBe(1);
  });
});
