import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyMemory } from "../../fleet/deploy/index.ts";
import { signFormer } from "../../fleet/release/index.ts";
import { codeOf, DeployWorld } from "./deploy-world.ts";
import { MANIFEST, type Releaser, specOf } from "./releaser.ts";
import { type HubProcess, until } from "./running-hub.ts";

let world: DeployWorld;
let hub: HubProcess;
let releaser: Releaser;

beforeEach(async () => {
  world = await DeployWorld.create();
  ({ hub, releaser } = world);
});
afterEach(() => world.end());

const board = "tx2" as const;

const stateOf = (...names: string[]) => path.join(hub.stateDir, "deploy", ...names);

describe("what a hub cannot read", () => {
  it("is refused and left as it is, and all else goes on", async () => {
    await releaser.certify();
    const door = await world.device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const before = await hub.client().getRetained("door", "desired");
    await hub.end();
    await writeFile(stateOf("selections", "door.json"), '{"version":9}');
    await world.restart();
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
      await world.restart();
      expect(await codeOf(hub.client().deploy.roles())).toBe("HUB_STATE_UNREADABLE");
      expect(await codeOf(hub.client().listDevices())).toBe("done");
    }
  });

  it("is made good by what is retained where the selections were lost", async () => {
    await releaser.certify();
    const door = await world.device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    await hub.end();
    await rm(stateOf("selections"), { recursive: true });
    await world.restart();
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
    await world.restart();
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
    await world.restart();
    await releaser.certify();
    const door = await world.device("door", emptyMemory("asked", former.generation));
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

describe("parts that nothing has named for 30 days", () => {
  it("are removed when the hub starts, which says how many; what is chosen goes on", async () => {
    await releaser.certify();
    const door = await world.device();
    for (const n of [1, 2, 3]) {
      await releaser.choose("door", releaser.seal({ device: "door", board }, n));
      await until("the composition", () => door.desired?.generation === n);
    }
    await hub.end();
    const old = new Date(Date.now() - 31 * 24 * 3_600_000);
    for (const file of await readdir(stateOf("parts")))
      await utimes(stateOf("parts", file), old, old);
    await world.restart();
    await until("the line", () => hub.log.includes("parts that nothing names were removed"));
    expect(hub.log).toMatch(/"removed":2,"kept":4/);
    expect(await readdir(stateOf("parts"))).toHaveLength(4);
    await releaser.choose("door", releaser.seal({ device: "door", board }, 4));
    const back = await world.device("door", door.memory);
    await until("the next one", () => back.desired?.generation === 4);
    expect(back.refusals).toEqual([]);
  });
});
