/** Two agents of one kind and a real hub: one builds, the other fetches, tries, and takes or refuses it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubEngines } from "../../agent/engine/share/hub-engines.ts";
import type { EngineStatement, Reported } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { Connector } from "../../fleet/transfer/connector.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { attestEngine } from "../../fleet/transfer/identity/signed-engine.ts";
import { TrustedClock } from "../../fleet/transfer/identity/trusted-clock.ts";
import { Releaser } from "../hub/releaser.ts";
import { HubProcess, until } from "../hub/running-hub.ts";
import { FakeDevice } from "../infra/provider/support/fake-device.ts";
import { hex, versionFor } from "./support/deploying.ts";
import { BOARD } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

const NEVER = new AbortController().signal;

let hub: HubProcess;
let releaser: Releaser;
const boards = new Map<string, AgentWorld>();
const heard = new Map<string, Reported[]>();
let leave: () => Promise<void>;
/** Has a good certificate and no good intent. */
let eve: FakeDevice;

beforeAll(async () => {
  hub = await HubProcess.start();
  releaser = new Releaser(hub.client());
  await releaser.certify();
  const link = await hub.client().connectMqtt();
  leave = () => link.close();
  for (const name of ["ada", "bob", "eve"]) {
    const identity = await hub.certify(name);
    heard.set(name, []);
    await link.subscribe(name, "reported", (message) => void heard.get(name)?.push(message));
    const { publicKeyPem } = releaser.key;
    if (name === "eve") {
      eve = await FakeDevice.connect({ mqttUrl: hub.record.mqttUrl, identity, publicKeyPem });
    }
  }
  for (const name of ["ada", "bob"]) {
    boards.set(name, await AgentWorld.create());
    start(name);
  }
});
afterAll(async () => {
  await leave();
  await eve.leave();
  for (const board of boards.values()) await board.destroy();
  await hub.remove();
});

function start(name: string, overrides: Record<string, unknown> = {}): void {
  const { httpUrl, mqttUrl, fleet } = hub.record;
  boards.get(name)?.start({
    ...{ fleet, device: name, hubUrl: httpUrl, mqttUrl, identityFile: hub.identityFile(name) },
    ...{ fleetPublicKey: releaser.key.publicKeyPem, ...overrides },
  });
}

let released = 0;
/** As `up` does, for each of the devices. */
async function release(bytes: string, ...devices: string[]): Promise<string> {
  const { spec, model } = versionFor({ bytes });
  const file = join(hub.dir, "model");
  writeFileSync(file, bytes);
  await hub.client().putObject(model.digest, file, () => undefined);
  released += 1;
  for (const device of devices) {
    const draft = { device, board: BOARD, spec, manifest: model } as const;
    await releaser.choose(device, releaser.seal(draft, released));
  }
  return model.digest;
}

const last = (device: string) => heard.get(device)?.at(-1);
const buildOf = (device: string) => last(device)?.updates?.[0]?.build;
const runs = (device: string, model: string) => (): boolean => {
  const [pipeline] = last(device)?.pipelines ?? [];
  const state = last(device)?.update.state;
  return state === "committed" && pipeline?.model.digest === model && pipeline.state === "running";
};
const keptOf = (device: string, model: string) =>
  last(device)?.engines?.find((engine) => engine.model === model);

async function eventsOf(device: string, kind: string): Promise<string[]> {
  const page = await hub.client().history.newest({ device, kinds: [kind] }, 50);
  return page.events.map(({ text }) => text).reverse();
}

/** Text of the key of a model on these boards: the stand-in addon writes it behind the model's own. */
function keyTextOf(model: string, of: { model: string; device: string }): string {
  const digest = keptOf(of.device, of.model)?.digest;
  const bytes = readFileSync(join(boards.get(of.device)!.stateDir, "engines", hex(digest)), "utf8");
  return bytes.slice(bytes.indexOf("\n") + 1).replace(of.model, model);
}

let first = "";

describe("of two boards of one kind", () => {
  it("one builds; the other waits for it, says so, and fetches what it built", async () => {
    first = await release("good heavy", "ada", "bob");
    await until("one waits", () =>
      ["ada", "bob"].some((one) => /^waiting for (ada|bob) /.test(buildOf(one)?.phase ?? "")),
    );
    const [builder, waiter] = /ada/.test(buildOf("bob")?.phase ?? "")
      ? ["ada", "bob"]
      : ["bob", "ada"];
    expect(buildOf(waiter!)?.phase).toBe(`waiting for ${builder} to build it`);
    await until("both run it", () => runs("ada", first)() && runs("bob", first)());
    const waited = (heard.get(waiter!) ?? []).flatMap(({ updates }) => updates?.[0]?.build ?? []);
    expect(Math.max(...waited.map(({ elapsedMs }) => elapsedMs))).toBeGreaterThanOrEqual(1000);
    const [built, fetched] = [keptOf(builder!, first), keptOf(waiter!, first)];
    expect(fetched).toMatchObject({
      ...{ origin: "fetched", key: built?.key, digest: built?.digest },
      attestation: { device: builder },
      selfTest: { mostScoreOff: 0, leastIou: 1 },
    });
    expect(built).toMatchObject({ origin: "built-here", attestation: { device: builder } });
    expect(fetched?.selfTest?.candidates).toBeGreaterThan(0);
    expect(await eventsOf(builder!, "engine-built")).toHaveLength(1);
    expect(await eventsOf(waiter!, "engine-built")).toEqual([]);
    const [told] = await eventsOf(waiter!, "engine-fetched");
    expect(told).toMatch(new RegExp(`fetched from ${builder}, which built it in [1-9]`));
    // In the next life it is this board's own: nothing is asked for.
    await boards.get(waiter!)?.kill();
    heard.get(waiter!)?.splice(0);
    start(waiter!);
    await until("it runs again", runs(waiter!, first));
    expect(await eventsOf(waiter!, "engine-fetched")).toHaveLength(1);
  });

  it("the second refuses a poisoned one, tells all, and builds; a third is offered that one", async () => {
    const bytes = "good but poisoned";
    const model = sha256Digest(bytes);
    const key = keyTextOf(model, { model: first, device: "ada" });
    // What eve says of its self-test is what the right engine finds; only trying it tells.
    const poison = Buffer.from(`mute\n${key}`);
    await release(bytes, "eve");
    const selfTest = await figuresOf(model, bytes);
    const statement: EngineStatement = {
      ...{
        statement: 1,
        fleet: hub.record.fleet,
        device: "eve",
        key,
        keyDigest: sha256Digest(key),
      },
      ...{
        model,
        accelerator: "cpu",
        digest: sha256Digest(poison),
        sizeBytes: poison.length,
        selfTest,
      },
      ...{ builtAtMs: 1, seconds: 1, bootId: "1", agentVersion: "1", backend: "onnxruntime" },
    };
    const identity = new IdentityFile(hub.identityFile("eve"));
    const client = new HubEngines({
      connector: new Connector(identity, new TrustedClock()),
      ...{ hubUrl: hub.record.httpUrl, answerMs: 5000 },
    });
    const file = join(hub.dir, "poison");
    writeFileSync(file, poison);
    const desired = async () =>
      Buffer.from((await hub.client().getRetained("eve", "desired")) ?? []);
    await until("eve is to run it", async () => (await desired()).includes(model));
    await client.offer(statement.keyDigest, attestEngine(statement, identity.current()), NEVER);
    await client.send(statement, file, 0, NEVER);

    await release(bytes, "bob");
    await until("bob runs it", runs("bob", model));
    expect(keptOf("bob", model)).toMatchObject({ origin: "built-here" });
    const [refused] = await eventsOf("bob", "engine-refused");
    expect(refused).toMatch(/ENGINE_DIFFERS: the engine of m that eve is said to have built/);
    const { events } = await hub.client().history.newest({ kinds: ["engine-disputed"] }, 1);
    expect(events[0]?.text).toMatch(/bob refused an engine that eve built/);
    const [kept] = JSON.parse(
      readFileSync(join(boards.get("bob")!.stateDir, "engine-notes", "refused.json"), "utf8"),
    ) as unknown[];
    expect(kept).toMatchObject({ device: "eve", digest: statement.digest, code: "ENGINE_DIFFERS" });

    await release(bytes, "ada");
    await until("ada runs it", runs("ada", model));
    expect(keptOf("ada", model)).toMatchObject({
      origin: "fetched",
      attestation: { device: "bob" },
    });
    expect(await eventsOf("ada", "engine-refused")).toEqual([]);
  });

  it("the second builds at once when the first is gone, and after its own patience when that takes too long", async () => {
    const builds = (device: string) => () => buildOf(device)?.phase === "reading the graph";
    await release("endless", "ada");
    await until("ada builds", builds("ada"));
    await release("endless", "bob");
    await until("bob waits", () => /^waiting for ada/.test(buildOf("bob")?.phase ?? ""));
    await boards.get("ada")?.kill();
    await until("bob builds", builds("bob"));

    heard.get("ada")?.splice(0);
    start("ada", { engineWaitMs: 500 });
    await until("ada builds", builds("ada"));
    const told = await eventsOf("ada", "engine-not-shared");
    expect(told.at(-1)).toMatch(/built here: bob has not built it in 1 s/);
  });
});

/** What the stand-in addon finds by the model itself. */
async function figuresOf(model: string, bytes: string) {
  const { runGolden } = await import("../../agent/supervise/golden-run.ts");
  const addon = await import("./support/fake-addon.ts");
  const path = join(hub.dir, "reference");
  writeFileSync(path, bytes);
  const outputs = { decoder: "yolox", labelCount: 1 } as const;
  const ways = { backendPath: "b", runtimePath: "r", accelerator: "cpu", threads: 1 };
  return runGolden(addon, { path, digest: model, model, ...outputs, ...ways });
}
