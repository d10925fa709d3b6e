import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { topic } from "../../fleet/contract/index.ts";
import { emptyMemory, type Memory } from "../../fleet/deploy/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import { seal, signFormer } from "../../fleet/release/index.ts";
import { FakeDevice } from "../infra/provider/support/fake-device.ts";
import { MANIFEST, Releaser, specOf } from "./releaser.ts";
import { HubProcess, until } from "./running-hub.ts";

let hub: HubProcess;
let releaser: Releaser;
const devices: FakeDevice[] = [];

beforeEach(async () => {
  hub = await HubProcess.start();
  releaser = new Releaser(hub.client());
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.leave();
  await hub.remove();
});

async function device(name = "door", memory?: Memory) {
  const identity = await hub.certify(name);
  const { mqttUrl } = hub.record;
  const { publicKeyPem } = releaser.key;
  const options = { mqttUrl, identity, publicKeyPem, ...(memory && { memory }) };
  const one = await FakeDevice.connect(options);
  devices.push(one);
  return one;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    return isFleetError(error) ? error.code : String(error);
  }
}

const board = "tx2" as const;

describe("the hub", () => {
  it("composes what was released for a device that asks, once for changes that come together", async () => {
    await releaser.certify();
    const door = await device();
    const names = Array.from({ length: 12 }, (_, index) => `p${index + 10}`);
    await Promise.all(
      names.map((name) =>
        releaser.choose("door", releaser.seal({ device: "door", board, spec: specOf(name) })),
      ),
    );
    await until("twelve pipelines", () => door.desired?.pipelines.length === 12);
    expect(door.desired?.pipelines.map(({ name }) => name)).toEqual(names);
    expect(door.desired?.generation).toBeLessThanOrEqual(2);
    expect(door.memory.asks).toBeNull();
  });

  it("keeps the pipelines of two programs apart from each other, 50 times at once", async () => {
    await releaser.certify();
    const door = await device();
    const rival = new Releaser(hub.client(), "yard/test");
    Object.assign(rival, { key: releaser.key });
    for (let n = 1; n <= 50; n += 1) {
      await Promise.all(
        [releaser, rival].map((one, index) => {
          const spec = specOf(`of-${index}`, 0.1 + n / 100);
          return one.choose("door", one.seal({ device: "door", board, spec }, n));
        }),
      );
      const { answer: a } = await hub.client().deploy.pipeline("door", "of-0");
      const { answer: b } = await hub.client().deploy.pipeline("door", "of-1");
      expect([a.choice?.owner?.program, b.choice?.owner?.program]).toEqual([
        "shop/test",
        "yard/test",
      ]);
    }
    const scores = () => door.desired?.pipelines.map(({ detect }) => detect.minScore);
    await until("both at their last", () => String(scores()) === "0.6,0.6");
    expect(door.refusals).toEqual([]);
  });

  it("answers a lost race with 412 and overwrites nothing", async () => {
    await releaser.certify();
    const [first, second] = [
      releaser.seal({ device: "door" }),
      releaser.seal({ device: "door" }, 2),
    ];
    const { tag } = await hub.client().deploy.pipeline("door", "entrance");
    const outcomes = await Promise.all(
      [first, second].map((sealed) => codeOf(releaser.choose("door", sealed, undefined, tag))),
    );
    expect(outcomes.sort()).toEqual(["HUB_CHANGED_MEANWHILE", "done"]);
    const route = "/devices/door/pipelines/entrance";
    const body = JSON.stringify({ part: first.part.digest, owner: releaser.owner });
    const args = ["-X", "PUT", "-d", body, "-w", "%{http_code}", "-o", "/dev/null"];
    const stale = await hub.curl("operator", route, ...args, "-H", `If-Match: ${tag}`);
    expect(stale.stdout).toBe("412");
    expect((await hub.curl("operator", route, ...args)).stdout).toBe("400");
  });

  it("takes no part that it cannot vouch for, and no choice that a device would refuse", async () => {
    const sealed = releaser.seal({ device: "door" });
    expect(await codeOf(releaser.send(sealed))).toBe("HUB_NOT_CERTIFIED");
    await releaser.certify();
    const forged = { ...sealed.envelopes.set, signature: sealed.envelopes.pipeline.signature };
    expect(await codeOf(hub.client().deploy.putPart(forged))).toBe("PART_UNSIGNED");
    const foreign = releaser.seal({ device: "door", fleet: "rival" });
    expect(await codeOf(releaser.send(foreign))).toBe("PART_OUT_OF_SCOPE");
    const elsewhere = releaser.seal({ device: "yard" });
    expect(await codeOf(releaser.choose("door", elsewhere))).toBe("PART_OUT_OF_SCOPE");
    const { tag } = await hub.client().deploy.pipeline("door", "entrance");
    const unknown = { part: sealed.part.digest, owner: releaser.owner };
    const choice = hub.client().deploy.choose("door", "entrance", unknown, tag);
    expect(await codeOf(choice)).toBe("PART_MISSING");
    await releaser.choose("door", releaser.seal({ device: "door" }, 2));
    expect(await codeOf(releaser.choose("door", sealed))).toBe("PART_STALE");
    const newer = seal("set", { kind: "set", contract: 3 }, releaser.key.privateKeyPem);
    expect(await codeOf(hub.client().deploy.putPart(newer))).toBe("VERSION_UNREADABLE");
  });

  it("leaves a pipeline to the program that it is of", async () => {
    await releaser.certify();
    await releaser.choose("door", releaser.seal({ device: "door" }));
    const rival = new Releaser(hub.client(), "yard/test");
    Object.assign(rival, { key: releaser.key });
    expect(await codeOf(rival.choose("door", rival.seal({ device: "door" }, 2)))).toBe(
      "PIPELINE_OWNED",
    );
    const { tag } = await hub.client().deploy.pipeline("door", "entrance");
    const drop = hub.client().deploy.drop("door", "entrance", rival.owner, tag);
    expect(await codeOf(drop)).toBe("PIPELINE_OWNED");
  });

  it("puts back what was chosen when somebody else publishes in its place", async () => {
    await releaser.certify();
    const door = await device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const own = topic("demo", "door", "desired");
    await hub.publish("operator", own, "-m", '{"contract":2}', "-q", "1", "-r");
    await until("the refusal", () => door.refusals.includes("DESIRED_INVALID"));
    await until("the composition again", () => (door.desired?.generation ?? 0) > 1);
    expect(door.desired?.pipelines.map(({ name }) => name)).toEqual(["entrance"]);
  });

  it("lets neither a device nor a stranger choose", async () => {
    await device();
    for (const user of ["door", null]) {
      const args = ["-w", "%{http_code}", "-o", "/dev/null"];
      const { stdout } = await hub.curl(user, "/devices/door/pipelines/entrance", ...args);
      expect(stdout).toMatch(/^(40[13]|000)$/);
    }
  });

  it("keeps to the root that certified it first, and to roles that only grow", async () => {
    await releaser.certify();
    const other = new Releaser(hub.client());
    expect(await codeOf(other.certify())).toBe("ROLES_UNSIGNED");
    const remembered = { epoch: 0, number: 5 };
    expect((await releaser.certify({ remembered })).number).toBe(6);
    expect((await releaser.certify({ remembered })).number).toBe(6);
    const digest = `sha256:${"0".repeat(64)}`;
    const others = { epoch: 0, number: 6, digest };
    expect((await releaser.certify({ remembered: others })).number).toBeGreaterThan(6);
  });

  it("sends an agent only what it reads", async () => {
    await releaser.certify();
    const door = await device();
    door.conduct = { state: "running", reads: [1] };
    await door.report();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    const { answer } = await hub.client().deploy.pipeline("door", "entrance");
    expect(answer.reads).toEqual([1]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(door.received).toEqual([]);
    door.conduct = { state: "running" };
    await door.report();
    await until("the composition", () => door.desired !== null);
  });

  it("answers a device that lost its memory, whatever it had composed before", async () => {
    await releaser.certify();
    const door = await device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const again = await device();
    await until("an answer to the new one", () => again.desired !== null);
    expect(again.refusals).toContain("DESIRED_UNANSWERED");
    expect(again.desired?.generation).toBe(2);
  });

  it("goes on where it was after it was killed, at any moment of a change", async () => {
    await releaser.certify();
    const door = await device();
    for (let n = 1; n <= 6; n += 1) {
      await releaser.choose("door", releaser.seal({ device: "door", board }, n));
      await new Promise((resolve) => setTimeout(resolve, 250 * (n % 4)));
      await hub.end("SIGKILL");
      await hub.restart("--mqtt-port", hub.mqttPort);
      Object.assign(releaser, { hub: hub.client() });
    }
    const { answer } = await hub.client().deploy.pipeline("door", "entrance");
    const back = await device("door");
    await until("the last part", () =>
      Boolean(back.desired?.wanted.some(({ part }) => part?.digest === answer.choice?.part)),
    );
    expect(answer.choice?.part).toBe(releaser.seal({ device: "door", board }, 6).part.digest);
    await door.leave();
  }, 60_000);
});

describe("what a hub cannot read", () => {
  const stateOf = (...names: string[]) => path.join(hub.stateDir, "deploy", ...names);

  it("is refused and left as it is, and all else goes on", async () => {
    await releaser.certify();
    const door = await device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const before = await hub.client().getRetained("door", "desired");
    await hub.end();
    await writeFile(stateOf("selections", "door.json"), '{"version":9}');
    await hub.restart();
    Object.assign(releaser, { hub: hub.client() });
    const next = releaser.seal({ device: "door", board }, 2);
    expect(await codeOf(releaser.choose("door", next))).toBe("HUB_STATE_UNREADABLE");
    expect(await readFile(stateOf("selections", "door.json"), "utf8")).toBe('{"version":9}');
    expect(await hub.client().getRetained("door", "desired")).toEqual(before);
    await releaser.choose("yard", releaser.seal({ device: "yard" }));
  });

  it("does not keep it from starting when it is its roles or its key", async () => {
    await releaser.certify();
    for (const name of ["roles.json", "online-key.pem"]) {
      await hub.end();
      await writeFile(stateOf(name), "{");
      await hub.restart();
      expect(await codeOf(hub.client().deploy.roles())).toBe("HUB_STATE_UNREADABLE");
      expect(await codeOf(hub.client().listDevices())).toBe("done");
    }
  });

  it("is made good by what is retained where the selections were lost", async () => {
    await releaser.certify();
    const door = await device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    await hub.end();
    await rm(stateOf("selections"), { recursive: true });
    await hub.restart();
    Object.assign(releaser, { hub: hub.client() });
    await releaser.choose("door", releaser.seal({ device: "door", board, spec: specOf("yard") }));
    const { answer } = await hub.client().deploy.pipeline("door", "entrance");
    expect(answer.choice).toMatchObject({ owner: null });
  });

  it("is a part whose file was changed: it counts as lost, and sending it again mends that", async () => {
    await releaser.certify();
    const sealed = releaser.seal({ device: "door", board });
    await releaser.choose("door", sealed);
    await hub.end();
    for (const file of await readdir(stateOf("parts"))) {
      const text = await readFile(stateOf("parts", file), "utf8");
      await writeFile(stateOf("parts", file), text.replace("people", "papers"));
    }
    await hub.restart();
    Object.assign(releaser, { hub: hub.client() });
    expect((await hub.client().deploy.pipeline("door", "entrance")).answer.chosen).toBeNull();
    await releaser.send(sealed);
    expect((await hub.client().deploy.pipeline("door", "entrance")).answer.chosen).not.toBeNull();
  });
});

describe("a fleet of the former version", () => {
  it("is taken over: its pipelines go on until each was released by itself", async () => {
    const { spec, manifest } = { spec: specOf("entrance"), manifest: MANIFEST };
    const former = {
      contract: 1,
      fleet: "demo",
      device: "door",
      generation: 7,
      issuedAtMs: Date.now(),
      board,
      artifactUrl: hub.record.httpUrl,
      setDigest: `sha256:${"0".repeat(64)}`,
      models: [manifest],
      pipelines: [spec, specOf("yard")],
    };
    const envelope = signFormer(JSON.stringify(former), releaser.key.privateKeyPem);
    await hub.end();
    const folder = path.join(hub.stateDir, "retained", "door");
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "desired"), JSON.stringify(envelope));
    await hub.restart();
    Object.assign(releaser, { hub: hub.client() });
    await releaser.certify();
    const door = await device("door", emptyMemory("asked", former.generation));
    await until("both as before", () => door.desired?.pipelines.length === 2);
    expect(door.desired?.wanted.map(({ part }) => part)).toEqual([null, null]);
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("one released", () => (door.desired?.generation ?? 0) > 1);
    const parts = door.desired?.wanted.map(({ spec, part }) => [spec.name, part !== null]);
    expect(parts?.sort()).toEqual([
      ["entrance", true],
      ["yard", false],
    ]);
    const { tag } = await hub.client().deploy.pipeline("door", "yard");
    await hub.client().deploy.drop("door", "yard", releaser.owner, tag);
    await until("the other gone", () => door.desired?.pipelines.length === 1);
    expect(door.refusals).toEqual([]);
  });
});
