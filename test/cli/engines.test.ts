import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeptEngine } from "../../fleet/contract/index.ts";
import { type Outcome, outcomeOf } from "../hub/running-hub.ts";
import { MODEL_DIGEST, reportedOf } from "./support/synthetic-device.ts";
import { JETFLEET, TwoDevices } from "./support/two-devices.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const BUILT: KeptEngine = {
  ...{ key: digest("b"), model: MODEL_DIGEST, accelerator: "cpu", outcome: "built", inUse: true },
  ...{ atMs: Date.UTC(2026, 10, 27, 8, 0), seconds: 2.25, digest: digest("c") },
  ...{ sizeBytes: 3 * 2 ** 20, origin: "built-here" },
};
const UNBUILDABLE: KeptEngine = {
  ...{ key: digest("d"), model: digest("e"), accelerator: "cpu", outcome: "unbuildable" },
  ...{ atMs: Date.UTC(2026, 10, 26, 8, 0), seconds: 0.5, inUse: false },
  error: { code: "MODEL_INVALID", message: "a node nobody knows", hint: "", atMs: 1 },
};

let world: TwoDevices;
beforeAll(async () => {
  world = await TwoDevices.start();
  const engines = [BUILT, { ...BUILT, key: digest("f"), inUse: false }, UNBUILDABLE];
  await world.tx2.say("reported", { ...reportedOf("tx2", "tx2"), engines });
});
afterAll(() => world.close());

const engines = (...args: string[]): Promise<Outcome> =>
  outcomeOf(JETFLEET, ["engines", ...world.where, ...args]);

describe("jetfleet engines", () => {
  it("lists what each device built, and says of which it cannot tell", async () => {
    const { code, stdout, stderr } = await engines();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^tx2: 3 as reported /m);
    expect(stdout).toMatch(
      /^ {2}scene 3f2a91c0 +cpu +b{8} +3\.0 MiB +built-here +.* +2\.3 s +in use$/m,
    );
    expect(stdout).toMatch(/^ {2}scene 3f2a91c0 +cpu +f{8} .* kept$/m);
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
