/**
 * The whole hub on a disk that refuses: at each call of its file layer by itself (a sample in CI, every one with
 * JETFLEET_TEST_FULL), and with each of its places damaged or not given out.
 */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HubClient } from "../../fleet/hub/client/index.ts";
import { type RunningHub, startHub } from "../../fleet/hub/hub.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import type { Identity } from "../../fleet/transfer/identity/identity.ts";
import { FaultyDisk, refusingReads } from "../fleet/support/faulty-disk.ts";
import { FakeDevice, SessionEnded } from "../infra/provider/support/fake-device.ts";
import { FULL } from "../support/long-form.ts";
import { certifyDevice } from "./device-identity.ts";
import { Releaser } from "./releaser.ts";
import { until } from "./running-hub.ts";

const CODES = ["HUB_DISK_FULL", "HUB_DISK_FAILED"];
const OBJECT = Buffer.from("an object");

let root: string;
/** A hub's folder that knows the operator and two devices, and has something deployed. */
let whole: string;
let door: Identity;
let releaser: Releaser;
let hub: RunningHub | null = null;
let device: FakeDevice | null = null;
let said: string[] = [];

const operatorFile = (dir: string) => path.join(dir, "operator.pem");

async function start(dir: string, layer: FileLayer = DISK): Promise<HubClient> {
  said = [];
  hub = await startHub({
    ...{ dir: path.join(dir, "hub"), fleet: "demo", operatorFile: operatorFile(dir) },
    ...{ host: "127.0.0.1", mqttPort: 0, httpPort: 0, gather: { quietMs: 20 }, layer },
    log: (message, fields) => void said.push(`${message} ${JSON.stringify(fields ?? {})}`),
  });
  const client = new HubClient({
    httpUrl: hub.record.httpUrl,
    identityFile: operatorFile(dir),
  });
  Object.assign(releaser, { hub: client });
  return client;
}

async function connect(identity = door): Promise<FakeDevice> {
  const { mqttUrl } = hub!.record;
  const { publicKeyPem } = releaser.key;
  const memory = device === null ? {} : { memory: device.memory };
  device = await FakeDevice.connect({ mqttUrl, identity, publicKeyPem, ...memory });
  return device;
}

async function end(): Promise<void> {
  await device?.leave().catch(() => {});
  await hub?.stop();
  hub = null;
}

function copyOf(dir: string): string {
  const copy = mkdtempSync(path.join(root, "case-"));
  cpSync(dir, copy, { recursive: true });
  return copy;
}

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), "jetfleet-hub-disk-"));
  whole = mkdtempSync(path.join(root, "whole-"));
  releaser = new Releaser(new HubClient({ httpUrl: "https://127.0.0.1:1", identityFile: "none" }));
  const client = await start(whole);
  await releaser.certify();
  door = await certifyDevice(client, "demo", "door", path.join(whole, "door.pem"));
  await certifyDevice(client, "demo", "gate", path.join(whole, "gate.pem"));
  const first = await connect();
  await releaser.choose("door", releaser.seal({ device: "door", board: "tx2" }));
  await until("the first composition", () => first.desired !== null);
  await end();
});
afterEach(end);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Each step as a program or an agent does it: told by the right code what failed, it does it again. */
async function persistently<T>(at: string, work: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // What a session said first and the disk did not take ends the session.
      if (!(error instanceof SessionEnded)) {
        expect(error, at).toMatchObject({ code: expect.toBeOneOf(CODES) as string });
      }
      if (performance.now() > deadlineMs) throw error;
      // What could not be opened is opened again within seconds.
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

/** Changes of every kind, on a disk of which one call fails; what was acknowledged is there afterwards. */
async function expectSurvival(disk: FaultyDisk, at: string): Promise<void> {
  const dir = copyOf(whole);
  device = null;
  const client = await start(dir, disk.layer);
  const yard = await persistently(at, () =>
    certifyDevice(client, "demo", "yard", path.join(dir, "yard.pem")),
  );
  const digest = sha256Digest(OBJECT);
  const bytes = path.join(dir, "bytes");
  writeFileSync(bytes, OBJECT);
  await persistently(at, () => client.putObject(digest, bytes));
  await persistently(at, () => releaser.certify({ epoch: 1 }));
  const sealed = releaser.seal({ device: "yard", board: "tx2" });
  await persistently(at, () => releaser.choose("yard", sealed));
  const told = await persistently(at, () => connect(yard));
  await until(`${at}: the composition`, () => told.desired !== null);
  await persistently(at, () => client.deleteDevice("gate"));
  await end();
  const again = await start(dir);
  expect(await again.hasObject(digest), at).toBe(true);
  expect((await again.deploy.roles()).answer.roles, at).not.toBeNull();
  const { answer } = await again.deploy.pipeline("yard", "entrance");
  expect(answer.choice, at).toMatchObject({ part: sealed.part.digest });
  expect((await again.listDevices()).map(({ name }) => name).sort(), at).toEqual(["door", "yard"]);
  expect(await again.getRetained("yard", "desired"), at).not.toBeNull();
  await connect(yard);
  await end();
}

/** At least as many as there are: each is a test of its own, so that one that stands still is named. */
const MOST_CALLS = 120;
const CALLS = FULL ? Array.from({ length: MOST_CALLS }, (_, at) => at) : [1, 28, 55, 82];

describe("a hub of whose disk one call fails", () => {
  it("makes no more calls than are made to fail", async () => {
    const counted = new FaultyDisk();
    await expectSurvival(counted, "no fault");
    expect(counted.calls.length).toBeGreaterThan(82);
    expect(counted.calls.length).toBeLessThanOrEqual(MOST_CALLS);
  });

  it.each(CALLS)("says so by the right code, and forgets nothing: call %i", async (at) => {
    const faults = FULL || at % 2 === 0 ? (["ENOSPC", "EIO"] as const) : (["EIO"] as const);
    for (const fault of faults) {
      await expectSurvival(new FaultyDisk(at, fault), `${fault} at call ${at}`);
    }
  });
});

/** Of the hub's folder. */
const PLACES = [
  ...["hub.json", "retained", "retained/door", "retained/door/reported", "objects"],
  ...["devices", "devices/gate.json", "operators", "history/history.sqlite", "history"],
  ...["deploy", "deploy/roles.json", "deploy/online-key.pem", "deploy/parts"],
  ...["deploy/selections", "deploy/selections/door.json", "deploy/previous"],
  ...["ca/ca.pem", "ca/server.pem"],
];

describe("a hub's folder of which something is not what it should be", () => {
  it.each(PLACES)("opens without %s, and serves who it knows", async (place) => {
    const dir = copyOf(whole);
    const spoilt = path.join(dir, "hub", place);
    const aside = path.join(dir, "aside");
    renameSync(spoilt, aside);
    // A folder for a file, and a file for a folder: nobody, not even root, can read the one as the other.
    if (/\.(json|pem|sqlite)$|reported$/.test(place)) mkdirSync(spoilt);
    else writeFileSync(spoilt, "");
    device = null;
    const client = await start(dir);
    if (!place.startsWith("operators")) {
      expect(await client.info()).toMatchObject({ fleet: "demo" });
      const names = (await client.listDevices()).map(({ name }) => name);
      if (!place.startsWith("devices")) expect(names).toContain("gate");
    }
    if (place !== "hub.json")
      expect(said.join("\n")).toMatch(/EISDIR|ENOTDIR|EEXIST|cannot|unable/);
    await end();
    rmSync(spoilt, { recursive: true });
    renameSync(aside, spoilt);
    const healed = await start(dir);
    const { answer } = await healed.deploy.pipeline("door", "entrance");
    expect(answer.choice).not.toBeNull();
  });

  it("is read again until the disk gives it out", async () => {
    const places = {
      "devices/door.json": "the certificates in force cannot be read",
      "deploy/roles.json": "nothing can be deployed",
      "ca/ca.pem": "nothing can be certified",
    };
    const dir = copyOf(whole);
    let isBad = true;
    const isAny = (one: string) => Object.keys(places).some((place) => one.endsWith(place));
    device = null;
    const client = await start(
      dir,
      refusingReads((one) => isBad && isAny(one)),
    );
    for (const notice of Object.values(places)) expect(said.join("\n")).toContain(notice);
    isBad = false;
    const isDone = (work: Promise<unknown>): Promise<boolean> =>
      work.then(
        () => true,
        () => false,
      );
    await until("that it certifies", () =>
      isDone(certifyDevice(client, "demo", "new", path.join(dir, "new.pem"))),
    );
    await until("that it deploys", () => isDone(client.deploy.roles()));
    await until("that it knows the door", () => isDone(connect()));
  });
});
