import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { topic } from "../../fleet/contract/index.ts";
import { seal } from "../../fleet/release/index.ts";
import { codeOf, DeployWorld } from "./deploy-world.ts";
import { Releaser, specOf } from "./releaser.ts";
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

describe("the hub", () => {
  it("composes what was released for a device that asks, once for changes that come together", async () => {
    await releaser.certify();
    const door = await world.device();
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
    const door = await world.device();
    const rival = world.rival();
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
    const rival = world.rival();
    expect(await codeOf(rival.choose("door", rival.seal({ device: "door" }, 2)))).toBe(
      "PIPELINE_OWNED",
    );
    const { tag } = await hub.client().deploy.pipeline("door", "entrance");
    const drop = hub.client().deploy.drop("door", "entrance", rival.owner, tag);
    expect(await codeOf(drop)).toBe("PIPELINE_OWNED");
  });

  it("puts back what was chosen when somebody else publishes in its place", async () => {
    await releaser.certify();
    const door = await world.device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const own = topic("demo", "door", "desired");
    await hub.publish("operator", own, "-m", '{"contract":2}', "-q", "1", "-r");
    await until("the refusal", () => door.refusals.includes("DESIRED_INVALID"));
    await until("the composition again", () => (door.desired?.generation ?? 0) > 1);
    expect(door.desired?.pipelines.map(({ name }) => name)).toEqual(["entrance"]);
  });

  it("lets neither a device nor a stranger choose", async () => {
    await world.device();
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
    const door = await world.device();
    door.conduct = { state: "running", reads: [1] };
    await door.report();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    const { answer } = await hub.client().deploy.pipeline("door", "entrance");
    expect(answer.reads).toEqual([1]);
    // Another device that was chosen for later hears of it: by then this one would have, too.
    const yard = await world.device("yard");
    await releaser.choose("yard", releaser.seal({ device: "yard", board }));
    await until("the other's composition", () => yard.desired !== null);
    expect(door.received).toEqual([]);
    door.conduct = { state: "running" };
    await door.report();
    await until("the composition", () => door.desired !== null);
  });

  it("answers a device that lost its memory, whatever it had composed before", async () => {
    await releaser.certify();
    const door = await world.device();
    await releaser.choose("door", releaser.seal({ device: "door", board }));
    await until("the composition", () => door.desired !== null);
    const again = await world.device();
    await until("an answer to the new one", () => again.desired !== null);
    expect(again.refusals).toContain("DESIRED_UNANSWERED");
    expect(again.desired?.generation).toBe(2);
  });

  it("goes on where it was after it was killed, at any moment of a change", async () => {
    await releaser.certify();
    const door = await world.device();
    const composed = () => hub.log.split('"composed"').length;
    for (let n = 1; n <= 6; n += 1) {
      const before = composed();
      await releaser.choose("door", releaser.seal({ device: "door", board }, n));
      // At once, while changes are gathered, or as soon as the composition is out.
      if (n % 2 === 0) await until("the composition", () => composed() > before);
      await hub.end("SIGKILL");
      await world.restart("--mqtt-port", hub.mqttPort);
    }
    const { answer } = await hub.client().deploy.pipeline("door", "entrance");
    const back = await world.device("door");
    await until("the last part", () =>
      Boolean(back.desired?.wanted.some(({ part }) => part?.digest === answer.choice?.part)),
    );
    expect(answer.choice?.part).toBe(releaser.seal({ device: "door", board }, 6).part.digest);
    await door.leave();
  }, 60_000);
});
