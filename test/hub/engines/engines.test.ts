/** Devices that share engines, through a real hub and by the client that agents use. */
import { readdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubEngines } from "../../../agent/engine/share/hub-engines.ts";
import type { EngineAsk, EngineStatement } from "../../../fleet/contract/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { Connector } from "../../../fleet/transfer/connector.ts";
import { DISK } from "../../../fleet/transfer/files/file-layer.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { attestEngine } from "../../../fleet/transfer/identity/signed-engine.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import { codeOf, DeployWorld } from "../deploy-world.ts";
import { MANIFEST } from "../releaser.ts";
import { until } from "../running-hub.ts";

const NEVER = new AbortController().signal;
const ASK: EngineAsk = { model: MANIFEST.digest, waitMs: 0, refused: [] };
const LEASE_S = 2;

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.create("--engine-quota-mb", "8", "--engine-lease", String(LEASE_S));
  await world.releaser.certify();
  for (const name of ["a", "b", "c", "mallory"]) {
    await world.device(name);
    await world.releaser.choose(name, world.releaser.seal({ device: name }));
  }
  await until("all are to run the model", async () => {
    const wanted = await Promise.all(
      ["a", "b", "c", "mallory"].map((name) => world.hub.client().getRetained(name, "desired")),
    );
    return wanted.every((text) => Buffer.from(text ?? []).includes(MANIFEST.digest));
  });
});
afterAll(() => world.end());

const identityOf = (name: string) => new IdentityFile(world.hub.identityFile(name));
const clientOf = (name: string): HubEngines =>
  new HubEngines({
    connector: new Connector(identityOf(name), new TrustedClock()),
    hubUrl: world.hub.record.httpUrl,
    answerMs: 5000,
  });

const keyOf = (name: string) => `jetfleet engine 1\nmodel ${MANIFEST.digest}\ncore ${name}\n`;

function statementOf(device: string, key: string, bytes: Buffer): EngineStatement {
  return {
    ...{ statement: 1, fleet: "demo", device, key, keyDigest: sha256Digest(key) },
    ...{ model: MANIFEST.digest, accelerator: "cpu", digest: sha256Digest(bytes) },
    sizeBytes: bytes.length,
    selfTest: { test: 1, decoder: "yolox", pictures: [{ candidates: 0, strongest: [] }] },
    ...{ builtAtMs: 1, seconds: 1, bootId: "1", agentVersion: "1", backend: "onnxruntime" },
  };
}

/** Signs, offers and sends, as an agent does. */
async function share(device: string, key: string, bytes: Buffer, change = {}, signer = device) {
  const statement = { ...statementOf(device, key, bytes), ...change };
  const attestation = attestEngine(statement, identityOf(signer).current());
  const file = path.join(world.hub.dir, "engine");
  writeFileSync(file, bytes);
  const answer = await clientOf(device).offer(sha256Digest(key), attestation, NEVER);
  if (answer.state === "send") {
    await clientOf(device).send(statement, file, answer.fromBytes, NEVER);
  }
  return statement;
}

const ask = (device: string, key: string, change: Partial<EngineAsk> = {}) =>
  clientOf(device).ask(sha256Digest(key), { ...ASK, ...change }, NEVER);

async function fetched(device: string, statement: EngineStatement): Promise<Buffer> {
  const part = path.join(world.hub.dir, `fetched-${device}`);
  const ways = { signal: NEVER, onProgress: () => undefined };
  await clientOf(device).fetch(statement, part, DISK, ways);
  return readFile(part);
}

const events = async (kind: string) =>
  (await world.hub.client().history.newest({ kinds: [kind] }, 10)).events;

describe("one of a kind builds", () => {
  it("the others wait for it, and hear how far it is; what it offers is for all who run the model", async () => {
    const key = keyOf("kind");
    expect(await ask("a", key)).toMatchObject({ state: "build", leaseMs: LEASE_S * 1000 });
    const told = { model: MANIFEST.digest, progress: 0.42, phase: "timing kernels" };
    expect(await clientOf("a").progress(sha256Digest(key), told, NEVER)).toMatchObject({
      state: "held",
    });
    expect(await clientOf("b").progress(sha256Digest(key), told, NEVER)).toMatchObject({
      state: "lost",
    });
    expect(await ask("b", key)).toMatchObject({
      ...{ state: "wait", device: "a", progress: 0.42, phase: "timing kernels" },
    });
    const later = ask("b", key, { waitMs: 10_000 });
    const bytes = Buffer.from("an engine");
    const statement = await share("a", key, bytes);
    const offered = await later;
    expect(offered).toMatchObject({ state: "offered" });
    expect(await fetched("b", statement)).toEqual(bytes);
    expect(await ask("c", key)).toMatchObject({ state: "offered" });
    // Who does not want this very one is to build.
    expect(await ask("c", key, { refused: [statement.digest] })).toMatchObject({ state: "build" });
    expect(await events("engine-offered")).toMatchObject([{ device: "a" }]);
  });

  it("and when it fails, is silent for the time of its lease, or goes offline, another may", async () => {
    const key = keyOf("fails");
    const end = (error: { code: string; message: string } | null) =>
      clientOf("a").end(sha256Digest(key), { model: MANIFEST.digest, error }, NEVER);
    await ask("a", key);
    const waiting = ask("b", key, { waitMs: 10_000 });
    await end({ code: "MODEL_INVALID", message: "a node nobody knows" });
    expect(await waiting).toMatchObject({
      state: "build",
      hints: [{ device: "a", code: "MODEL_INVALID", message: "a node nobody knows" }],
    });
    // What `a` cannot do holds nobody up, and is not told to itself.
    expect(await ask("a", key)).toMatchObject({ state: "wait", device: "b", hints: [] });
    const startedMs = performance.now();
    expect(await ask("a", key, { waitMs: 10_000 })).toMatchObject({ state: "build" });
    expect(performance.now() - startedMs).toBeLessThan(LEASE_S * 1000 + 1500);

    const offline = await world.device("b");
    await ask("b", keyOf("offline"));
    await offline.leave();
    const next = await ask("c", keyOf("offline"), { waitMs: 10_000 });
    expect(next.state).toBe("build");
  });

  it("of models that nobody asked a device to run it hears nothing", async () => {
    const model = `sha256:${"9".repeat(64)}`;
    expect(await codeOf(ask("a", keyOf("x"), { model }))).toBe("HUB_REFUSED");
    const key = keyOf("foreign");
    expect(await codeOf(share("a", key, Buffer.from("x"), { model }))).toBe("HUB_REFUSED");
    await world.hub.certify("idle");
    const statement = statementOf("a", keyOf("kind"), Buffer.from("an engine"));
    expect(await codeOf(fetched("idle", statement))).toBe("HUB_REFUSED");
    expect(
      (await world.hub.curl("operator", `/engines/${statement.keyDigest}/ask`, "-X", "POST"))
        .stdout,
    ).toMatch(/HUB_REFUSED|USAGE/);
  });
});

describe("an engine is not offered", () => {
  const refusals: [string, string, () => Promise<unknown>][] = [
    [
      "signed by another device",
      "ENGINE_ATTESTATION",
      () => share("a", keyOf("r1"), Buffer.from("x"), {}, "mallory"),
    ],
    [
      "of another key",
      "ENGINE_ATTESTATION",
      () => share("a", keyOf("r2"), Buffer.from("x"), { key: "other" }),
    ],
    [
      "said to be of another device",
      "ENGINE_ATTESTATION",
      () => share("mallory", keyOf("r3"), Buffer.from("x"), { device: "a" }),
    ],
    [
      "of another fleet",
      "ENGINE_ATTESTATION",
      () => share("a", keyOf("r4"), Buffer.from("x"), { fleet: "yard" }),
    ],
    [
      "whose bytes are others",
      "ARTIFACT_DIGEST",
      () => share("a", keyOf("r5"), Buffer.from("x"), { digest: sha256Digest("y") }),
    ],
    [
      "above the quota of a device",
      "ENGINE_QUOTA",
      () => share("a", keyOf("r7"), Buffer.from("x"), { sizeBytes: 1_000_001 }),
    ],
  ];
  it.each(refusals)("%s: %s", async (_, code, work) => {
    expect(await codeOf(work())).toBe(code);
  });

  it("any more once a device refused it: both are named, and a builder of three bad ones is not listened to", async () => {
    for (const round of [1, 2, 3]) {
      const key = keyOf(`bad ${round}`);
      const statement = await share("mallory", key, Buffer.from(`bad ${round}`));
      const told = { model: MANIFEST.digest, digest: statement.digest };
      const why = { code: "ENGINE_DIFFERS", message: "it finds nothing" };
      await clientOf("b").dispute(statement.keyDigest, { ...told, ...why }, NEVER);
      expect(await ask("c", key)).toMatchObject({ state: "build" });
      expect(await codeOf(share("mallory", key, Buffer.from(`bad ${round}`)))).toBe(
        "ENGINE_DISPUTED",
      );
    }
    const [event] = await events("engine-disputed");
    expect(event?.device).toBe("mallory");
    expect(event?.text).toMatch(/b refused an engine that mallory built/);
    expect(await codeOf(share("mallory", keyOf("new"), Buffer.from("good")))).toBe(
      "ENGINE_DISPUTED",
    );
    expect(await share("a", keyOf("bad 1"), Buffer.from("good"))).toMatchObject({ device: "a" });
  });

  it("after its device was deleted, and a device's own quota holds the newest", async () => {
    const large = Buffer.alloc(600_000, "x");
    const first = await share("c", keyOf("q1"), large);
    await share("c", keyOf("q2"), Buffer.concat([large, Buffer.from("2")]));
    expect(await codeOf(fetched("b", first))).toBe("ARTIFACT_MISSING");
    expect(await ask("b", keyOf("q2"))).toMatchObject({ state: "offered" });
    await world.hub.client().deleteDevice("c");
    expect(await ask("b", keyOf("q2"))).toMatchObject({ state: "build" });
  });
});

describe("bytes", () => {
  it("go on where they broke off; what is offered outlives the hub, what is damaged there does not", async () => {
    const bytes = Buffer.alloc(300_000, "engine ");
    const key = keyOf("resume");
    const statement = statementOf("a", key, bytes);
    const attestation = attestEngine(statement, identityOf("a").current());
    await clientOf("a").offer(statement.keyDigest, attestation, NEVER);
    const url = `/engines/${statement.keyDigest}/bytes/${statement.digest}`;
    const upload = async (from: number, sent: Buffer) => {
      const file = path.join(world.hub.dir, "piece");
      writeFileSync(file, sent);
      const { stdout } = await world.hub.curl("a", `${url}?from=${from}`, "--upload-file", file);
      return JSON.parse(stdout) as { code: string; message: string };
    };
    const tooLong = await upload(0, Buffer.concat([bytes, Buffer.from("x")]));
    expect(tooLong).toMatchObject({ code: "USAGE", message: expect.stringContaining("got more") });
    expect(await upload(0, bytes.subarray(0, 100_000))).toMatchObject({ code: "USAGE" });
    expect(await upload(7, bytes.subarray(7))).toMatchObject({
      message: "Expected to go on at byte 100000 but got 7",
    });
    const again = await clientOf("a").offer(statement.keyDigest, attestation, NEVER);
    expect(again).toEqual({ state: "send", fromBytes: 100_000 });
    await share("a", key, bytes);
    await world.hub.end("SIGKILL");
    await world.restart("--engine-quota-mb", "8", "--engine-lease", String(LEASE_S));
    expect(await ask("b", key)).toMatchObject({ state: "offered" });
    expect(await fetched("b", statement)).toEqual(bytes);

    const folder = path.join(world.hub.stateDir, "engines", "bytes");
    for (const name of readdirSync(folder)) {
      if (/^[0-9a-f]{64}$/.test(name)) writeFileSync(path.join(folder, name), "?");
    }
    await until("it is offered no more", async () => (await ask("b", key)).state === "build");
  });
});
